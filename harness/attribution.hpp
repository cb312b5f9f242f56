// What each technique bought, from the samples of interleaved arms: ratios of rates that were measured in the same
// rounds, with their intervals. Nothing here is extrapolated; what was not measured is absent.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arm.hpp"

namespace bitproof {

struct TechniqueCredit {
  Technique technique;
  std::optional<RatioEstimate> alone;    // this one over none
  std::optional<RatioEstimate> without;  // all over all but this one
  // Where the time that it can save is measured (memory_pool: allocation and page faults of `none`): the most that it
  // can buy alone. A larger ratio is noise or drift of the machine, whatever its interval says.
  std::optional<double> most;
  bool engaged = false;                  // its witness, in every arm that wants it
  std::string evidence;
  std::string expected;             // what the reports in question promised: "2-4"
  // (measured - 1) / (expected - 1), measured = alone; the range over the promise.
  std::optional<double> realization_low, realization_high;
};

struct Attribution {
  std::vector<TechniqueCredit> techniques;
  std::optional<RatioEstimate> total;  // all over none
  int arms_measured = 0;
};

// none, all, each technique alone, all but each: 14. Or the first two and the six alone: 8.
std::vector<ArmSpec> attribution_arms(int threads, bool left_out);

// Arms are found by their techniques; an absent one leaves its ratio empty. Rounds that both arms of a ratio have are
// paired in order.
Attribution attribute(std::span<const std::unique_ptr<Arm>> arms);

}  // namespace bitproof
