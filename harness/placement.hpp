// Where the hypervisor has put our CPUs, and who else uses them. On a small VM both change within seconds, so they are
// read beside every round and never averaged in.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "machine.hpp"

namespace bitproof {

// Time for a cache line to get from one CPU to the other: half the round trip between two threads pinned there, median
// of several batches. Ends after `budget` even if one of the CPUs is busy, and then has no value.
Fact<double> ping_pong_ns(int cpu_a, int cpu_b, std::chrono::nanoseconds budget = std::chrono::milliseconds(4));

// What happened on our CPUs during an interval. Fractions are of the interval times the usable CPUs.
struct Load {
  double wall_s;
  double own_cpus;                         // CPUs' worth of time that this process used: CPU time over wall time
  std::optional<double> foreign_fraction;  // used by other processes and by the kernel for them
  std::optional<double> steal_fraction;    // given to other guests by the hypervisor
  std::string why;                         // a fraction is missing
  std::int64_t involuntary_switches;       // of this process: somebody took its CPU
  std::int64_t run_queue_wait_ns;          // its threads were ready but had no CPU; threads that ended are not in it
};

// The kernel counts CPU time in ticks of 10 ms, so a fraction is good to about 10 ms over the interval, and below
// kShortest it is not given at all.
class LoadWatch {
 public:
  static constexpr std::chrono::milliseconds kShortest{100};

  LoadWatch();        // starts
  Load read() const;  // since the start

 private:
  struct Counters {
    std::chrono::steady_clock::time_point time;
    rusage usage;
    std::optional<std::int64_t> busy_ticks, steal_ticks;  // of the usable CPUs
    std::map<int, std::int64_t> run_queue_wait_ns;        // by thread
  };
  Counters now() const;

  std::vector<int> cpus_;
  Counters start_;
};

// ping_pong_ns between the first two usable cores. One core is legal: no reading, and the reason.
struct MachineState {
  std::optional<double> ping_pong_ns;
  std::string why;
  Load load;  // while the probe ran: shows whether the probe itself was disturbed
};

MachineState probe_state();

// After a parallel region OpenMP's threads spin for a while before they sleep; a probe on their CPU would see them.
inline constexpr std::chrono::milliseconds kSpinnersSleep{10};

// Names the states of a run from all its readings. Rule: sort them; the largest gap between neighbours, in log latency
// and with at least kFewest readings on either side, splits them if its two ends differ by more than kGap. The lower
// part is state "A", the upper "B"; without such a gap there is "one state". So labels are final when the run is.
class StateTracker {
 public:
  static constexpr double kGap = 2;
  static constexpr std::size_t kFewest = 3;

  void add(const MachineState& state);
  std::optional<double> boundary_ns() const;                           // geometric mean of the gap's ends
  std::string label(const std::optional<double>& ping_pong_ns) const;  // "A", "B", "one state" or "unknown"

 private:
  std::vector<double> readings_;
};

}  // namespace bitproof
