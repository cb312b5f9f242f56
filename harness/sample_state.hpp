// What the machine was doing around one timed batch. Read before and after it, never averaged into it.
#pragma once

#include <optional>
#include <string>

#include "counters.hpp"
#include "placement.hpp"

namespace bitproof {

// One look at the machine. A value that is missing says why.
struct Reading {
  std::optional<double> ping_pong_ns{};  // placement: see placement.hpp
  std::optional<double> clock_ghz{};     // of a chain of dependent additions, one cycle each
  std::string why{};
};

Reading read_state();

struct SampleState {
  Reading before{}, after{};
  Load load{};               // during it: foreign work, steal, CPU time over wall time, involuntary switches
  CounterValues counters{};  // during it, of this process and its threads
};

// Why a sample taken in it decides nothing: other work had the CPUs, or it waited for one. "" where, as far as could be
// read, nobody else ran.
std::string disturbance(const Load& load);

// Reads the state when made and when asked: begin, time something, end.
class StateWatch {
 public:
  // Counters count the threads that are started after they are; null: not counted.
  explicit StateWatch(Counters* counters = nullptr);
  // several_threads: OpenMP's still spin for a while, and the probe would see them, so it waits.
  SampleState end(bool several_threads);

 private:
  Counters* counters_;
  SampleState state_;
  std::optional<LoadWatch> load_;  // from when the first reading is over
};

}  // namespace bitproof
