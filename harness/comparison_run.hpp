// Runs a comparison: launches processes, times rounds in random order, and stops when the interval is narrow enough or
// the budget ends. Processes and clock are given, so that the decisions are tested on made-up ones.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>

#include "clock.hpp"
#include "comparison.hpp"

namespace bitproof {

// The three arms of one launch, set up in processes of their own; made and ended by the launch.
class Crew {
 public:
  virtual ~Crew() = default;
  virtual TimedBatch take(Seat seat) = 0;  // throws CrewFailed
};

// A process could not be set up, crashed, was not cleared or left wrong outputs: what and where, in one line.
class CrewFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct CompareSchedule {
  double width = 0.02;   // ci_high / ci_low - 1 of the result at which a comparison is done
  double budget_s = 60;  // no launch and no round is begun that is not expected to end within it; the first always is
  int fewest_launches = 5;  // before the width may end it: a variance known from fewer is too often small by chance
  std::uint64_t seed = 1;   // of the order of arms in each round
};

struct CompareProgress {
  double fraction;  // of the budget
  int launch, round;
  std::optional<double> width;  // so far
};

// How long to stay with a launch before the next: the rounds that make the interval narrowest in the budget, for a
// launch costs its set-up, and launches are what the interval is over. Variances are of logarithms of ratios, within
// launches (between rounds) and between launches. (Kalibera and Jones, Rigorous Benchmarking in Reasonable Time, ISMM
// 2013, but with Student's quantiles for the few launches that a minute holds.)
int rounds_worth_their_time(double launch_s, double round_s, double within, double between, double budget_s,
                            double confidence);

// Never throws CrewFailed: `failure` then says what happened, the launch that failed is not among the samples, and the
// verdict is AMBIGUOUS. Interrupted: what was measured so far, judged.
CaseComparison run_comparison(const std::function<std::unique_ptr<Crew>()>& launch, const CompareRules& rules,
                              const CompareSchedule& schedule, const std::function<double()>& clock_s,
                              const std::function<void(const CompareProgress&)>& progress = {});

}  // namespace bitproof
