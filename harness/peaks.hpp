// What the cores can do at best: operations a second by ISA, and bytes a second from each level of cache.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "machine.hpp"
#include "op_loops.hpp"

namespace bitproof {

// One level of data cache: `instances` caches of `bytes` each among the CPUs that this process may use.
struct CacheLevel {
  int level;
  std::size_t bytes;
  int instances;

  std::string name() const;  // "L2 read"
  // What `threads` threads on as many cores can hold in it together.
  std::size_t capacity(int threads) const;
};

std::vector<CacheLevel> cache_levels(const Machine& machine);  // nearest first; empty where the machine does not say

// One timed stretch of `threads` threads, each on data of its own.
struct PeakSample {
  std::string what;     // "int8 multiply-add", "L2 read"
  std::string isa;      // of an operation; empty for reads
  std::string pattern;  // "vpdpbusd zmm", "4 streams"
  int threads;
  double per_ns;                       // operations, or bytes, a nanosecond: Gop/s, GB/s
  std::optional<double> ping_pong_ns;  // the placement just before its round
  double cpus;                         // CPU time over wall time
};

// Every runnable loop of op_loops() and every read pattern without prefetch on every level, at 1..max_threads threads,
// once a round, shuffled anew in each; again where others had the CPUs (Retaker). Reads take half of the level, and
// again four times what is nearer by, split over the threads that share it; a level of less than twice what those
// threads have nearer by is left out there.
std::vector<PeakSample> sample_peaks(int max_threads, const std::vector<CacheLevel>& levels, int rounds,
                                     std::chrono::nanoseconds sample = std::chrono::milliseconds(2));

}  // namespace bitproof
