// A machine of round numbers, so that no test depends on a measurement: its caches, and what it does at best.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ceiling_table.hpp"

namespace bitproof {

inline constexpr double kOnePlacement = 100;  // ns
inline const std::set<std::string> kOneState = {"one state"};

inline Load undisturbed(int cpus) {
  return {.wall_s = 1,
          .own_cpus = 1.0 * cpus,
          .foreign_fraction = 0,
          .steal_fraction = 0,
          .why = "",
          .involuntary_switches = 0,
          .run_queue_wait_ns = 0};
}

inline std::vector<ReadSample> made_up_reads(int threads, double gb_per_s, int rounds = 3,
                                             double placement = kOnePlacement) {
  return std::vector<ReadSample>(static_cast<std::size_t>(rounds), {.threads = threads,
                                                                    .pattern = "made up",
                                                                    .gb_per_s = gb_per_s,
                                                                    .ping_pong_ns = placement,
                                                                    .load = undisturbed(threads)});
}

inline std::vector<PeakSample> made_up_peaks(const std::string& what, const std::string& isa, int threads,
                                             double per_ns, int rounds = 3, double placement = kOnePlacement) {
  return std::vector<PeakSample>(static_cast<std::size_t>(rounds),
                                 {what, isa, "made up", threads, per_ns, placement, 1.0 * threads});
}

// One thread, times as many as there are: L1 of 1000 bytes at 100 GB/s, a shared L2 of 10000 at 50, memory at 10;
// int8 multiply-adds at 200 Gop/s (20 scalar), look-ups at 40, float multiply-adds at 80.
inline CeilingTable made_up_machine(int max_threads = 2) {
  CeilingTable table;
  table.caches = {{1, 1000, max_threads}, {2, 10000, 1}};
  for (int n = 1; n <= max_threads; ++n) {
    table.add(made_up_reads(n, 10.0 * n));
    table.add(made_up_peaks("L1 read", "", n, 100.0 * n));
    table.add(made_up_peaks("L2 read", "", n, 50.0 * n));
    table.add(made_up_peaks(name(OpKind::multiply_add), "scalar", n, 20.0 * n));
    table.add(made_up_peaks(name(OpKind::multiply_add), "avx512vnni", n, 200.0 * n));
    table.add(made_up_peaks(name(OpKind::look_up), "avx2", n, 40.0 * n));
    table.add(made_up_peaks(name(OpKind::float_multiply_add), "avx2", n, 80.0 * n));
  }
  return table;
}

}  // namespace bitproof
