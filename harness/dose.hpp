// Dose-response: known delays are injected into one slot of the very loop that was profiled, and the token must take
// that much longer, no less and no more. Where it does, time taken off the op is time taken off the token: what Coz
// shows by virtual speed-up (C. Curtsinger and E. D. Berger, SOSP 2015), in a loop whose ops follow each other.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "arm.hpp"
#include "contrasts.hpp"

namespace bitproof {

// Injected into one token, spread evenly over the calls of the slot; what came of it, by round.
struct Dose {
  double injected_ns;
  std::vector<double> wall_ns{}, booked_ns{};  // of the token; of the slot's ops in the loop's own ledger
};

// ns of the token, and ns booked under the op, for each ns injected: 1 where the delay is the op's and all of it shows.
struct DoseResponse {
  std::string slot;
  std::int64_t calls = 0;  // of the slot in a token
  std::vector<Dose> doses;
  ContrastEstimate wall{}, booked{};  // slopes

  bool holds() const;  // both intervals hold 1
};

// The least-squares slope of a value on the dose, as a contrast of the doses.
Contrast slope_contrast(std::span<const Dose> doses);

struct DoseOptions {
  std::int64_t depth = 16;
  int rounds = 8;
  double share = 0.1;  // of a token's time, the smallest dose; then 2 and 4 times it, and none
  std::uint64_t seed = 1;
  ClockNs clock = steady_ns;
  void (*wait)(double ns) = nullptr;  // null: spins
};

// One op at a time: twins are global.
class DoseBench {
 public:
  DoseBench(const PackedModel& model, const ArmSpec& spec, const Recipe& recipe)
      : model_(model), spec_(spec), recipe_(recipe) {}

  // Rounds of all doses in random order; fewer when interrupted. `slot` is an op that a recipe has.
  DoseResponse run(const std::string& slot, const DoseOptions& options, const Progress& progress = {}) const;

 private:
  template <class Kernel>
  DoseResponse inject(const std::string& op, Slot<Kernel> LoopSlots::*place, const DoseOptions& options,
                      const Progress& progress) const;

  const PackedModel& model_;
  const ArmSpec& spec_;
  const Recipe& recipe_;
};

}  // namespace bitproof
