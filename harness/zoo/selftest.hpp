// The harness against the zoo: every planted fault must be killed, no clean twin may raise anything.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "zoo/fault.hpp"

namespace bitproof::zoo {

std::vector<Fault> all_faults();  // those of kernels first, each by file name

struct Outcome {
  std::string name, lie;
  Kill kill;                   // of the planted fault; not killed: a survivor
  std::vector<Kill> alarms{};  // of the clean twin, one a run that raised something
  std::string skipped{};       // why this machine could run neither
};

struct SelftestResult {
  std::vector<Outcome> outcomes;
  int repeat = 1;  // runs of each clean twin

  template <class Predicate>
  std::int64_t count(Predicate&& p) const {
    std::int64_t n = 0;
    for (const Outcome& o : outcomes) n += o.skipped.empty() && p(o);
    return n;
  }
  std::int64_t planted() const {
    return count([](const Outcome&) { return true; });
  }
  std::int64_t killed() const {
    return count([](const Outcome& o) { return o.kill.killed(); });
  }
  std::int64_t false_alarms() const {
    return count([](const Outcome& o) { return !o.alarms.empty(); });
  }
  bool ok() const { return planted() > 0 && killed() == planted() && false_alarms() == 0; }
};

struct SelftestOptions {
  std::string filter{};                                       // part of a fault's name
  int repeat = 1;                                             // runs of each clean twin
  std::uint64_t first_seed = 1;                               // of the first of them; each has the next
  int width = 1;                                              // processes at a time, for those that measure no time
  std::chrono::milliseconds limit = std::chrono::minutes(5);  // of one run of one subject
};

// Throws BadInput for a filter that matches nothing, and what run_isolated throws.
SelftestResult selftest(const std::vector<Fault>& faults, const SelftestOptions& options,
                        const std::function<void(double fraction)>& progress = {});

}  // namespace bitproof::zoo
