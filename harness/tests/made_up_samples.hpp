// Samples of comparisons whose truth is known: what a process, a batch, a placement and other work on the machine do to
// times, drawn from fixed seeds.
#pragma once

#include <cmath>

#include "comparison_run.hpp"
#include "rng.hpp"

namespace bitproof {

struct MadeUpMachine {
  double effect = 1;          // true ratio of B over A
  double between = 0.004;     // standard deviation of the logarithm from process to process
  double within = 0.01;       // from batch to batch
  double tail = 0.03;         // share of batches that something unseen slows by 10 to 50 %
  double foreign = 0;         // share of batches under foreign load, that shows, and doubles the time
  double flips = 0;           // chance from batch to batch that the placement changes
  double state_factor = 1.8;  // of times in the second placement
  double effect_apart = 0;    // ratio of B over A in the second placement; 0: the same
  bool readable = true;       // placements can be read
};

// The machine, as time goes by.
class MadeUpTime {
 public:
  MadeUpTime(const MadeUpMachine& machine, std::uint64_t seed) : machine_(machine), rng_(seed) {}

  double process_factor() { return std::exp(machine_.between * rng_.gaussian()); }

  // A batch of B, or of A or the control, in a process of that factor.
  TimedBatch batch(bool is_b, double process) {
    if (rng_.uniform() < machine_.flips) apart_ = !apart_;
    const double effect = apart_ && machine_.effect_apart > 0 ? machine_.effect_apart : machine_.effect;
    double ns = 1000 * process * (is_b ? effect : 1) * (apart_ ? machine_.state_factor : 1);
    ns *= std::exp(machine_.within * rng_.gaussian());
    if (rng_.uniform() < machine_.tail) ns *= 1.1 + 0.4 * rng_.uniform();
    const bool loaded = rng_.uniform() < machine_.foreign;
    TimedBatch batch{{loaded ? 2 * ns : ns}, {}};
    batch.state.load = {0.25, 1, loaded ? 0.4 : 0.0, 0.0, "", 0, 0};
    if (machine_.readable) {
      batch.state.before = {reading(), 3.5, ""};
      batch.state.after = {reading(), 3.5, ""};
    }
    elapsed_s_ += 0.2;
    return batch;
  }

  double* clock_s() { return &elapsed_s_; }
  void set_up() { elapsed_s_ += 2; }

 private:
  double reading() { return (apart_ ? 170 : 27) * std::exp(0.05 * rng_.gaussian()); }

  MadeUpMachine machine_;
  Rng rng_;
  bool apart_ = false;
  double elapsed_s_ = 0;
};

class MadeUpCrew final : public Crew {
 public:
  explicit MadeUpCrew(MadeUpTime& time) : time_(time) {
    time_.set_up();
    for (double& p : process_) p = time_.process_factor();
  }
  TimedBatch take(Seat seat) override { return time_.batch(seat == Seat::b, process_[static_cast<int>(seat)]); }

 private:
  MadeUpTime& time_;
  double process_[kSeats];
};

inline CaseComparison compare_made_up(const MadeUpMachine& machine, std::uint64_t seed, CompareSchedule schedule = {},
                                      const CompareRules& rules = {}) {
  MadeUpTime time(machine, seed);
  schedule.seed = seed;
  return run_comparison([&] { return std::make_unique<MadeUpCrew>(time); }, rules, schedule,
                        [&] { return *time.clock_s(); });
}

}  // namespace bitproof
