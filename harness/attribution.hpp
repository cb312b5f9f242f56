// What each technique bought, from the samples of interleaved arms: ratios of rates that were measured in the same
// rounds, with their intervals. Nothing here is extrapolated; what was not measured is absent.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "amdahl.hpp"
#include "arm.hpp"
#include "ceiling_table.hpp"

namespace bitproof {

struct TechniqueCredit {
  Technique technique;
  std::optional<RatioEstimate> alone{};               // this one over none
  std::optional<RatioEstimate> without{};             // all over all but this one
  std::optional<Bound> most_alone{}, most_without{};  // by Amdahl, from the shares of the arm below the line
  Credit verdict_alone = Credit::unbounded, verdict_without = Credit::unbounded;
  bool engaged = false;  // its witness, in every arm that wants it
  std::string evidence{};
  std::string expected{};  // what the reports in question promised: "2-4"
  // What of `alone` is credited: no more than its bound; nothing where it is not engaged, impossible or not judged.
  std::optional<double> credited{};
  // (credited - 1) / (expected - 1); the range over the promise.
  std::optional<double> realization_low{}, realization_high{};
};

struct Attribution {
  std::vector<TechniqueCredit> techniques;
  std::optional<RatioEstimate> total;  // all over none
  int arms_measured = 0;
};

// none, all, each technique alone, all but each: 14. Or the first two and the six alone: 8.
std::vector<ArmSpec> attribution_arms(int threads, bool left_out);

// Arms are found by their techniques; an absent one leaves its ratio empty. Rounds that both arms of a ratio have are
// paired in order. The ceilings tell what physics leaves of an op at least, and name the placement states; without them
// bounds are looser.
Attribution attribute(std::span<const std::unique_ptr<Arm>> arms, const CeilingTable& ceilings = {});

// A line for every credit that is above what its share of the time allows.
std::vector<std::string> faults(const Attribution& attribution);

}  // namespace bitproof
