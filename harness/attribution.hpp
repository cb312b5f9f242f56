// What each technique bought, from the cells of a lattice: contrasts of the logarithms of rates that were measured in
// the same rounds, with their intervals. Nothing here is extrapolated; what was not measured is absent.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "amdahl.hpp"
#include "arm.hpp"
#include "ceiling_table.hpp"
#include "cell.hpp"
#include "contrasts.hpp"
#include "lattice.hpp"
#include "token_physics.hpp"

namespace bitproof {

// Of a factor at one of its levels.
struct TechniqueCredit {
  std::string name{};  // "simd"; "product=avx2" where the factor has more levels than two
  FactorLevel at{};
  std::optional<Technique> technique{};
  std::optional<RatioEstimate> alone{};               // this one over none
  std::optional<RatioEstimate> without{};             // all over all but this one
  std::optional<ContrastEstimate> shapley{};          // of log rates: its share of the total
  std::optional<Bound> most_alone{}, most_without{};  // by Amdahl, from the shares of the arm below the line
  Credit verdict_alone = Credit::unbounded, verdict_without = Credit::unbounded;
  bool engaged = false;  // its witness, in every cell that wants it
  std::string evidence{};
  std::string expected{};  // what the reports in question promised: "2-4"; "" where nothing was
  // What of `alone` is credited: no more than its bound; nothing where it is not engaged, impossible or not judged.
  std::optional<double> credited{};
  // (credited - 1) / (expected - 1); the range over the promise.
  std::optional<double> realization_low{}, realization_high{};
};

// Two factors at their last levels. What the first is worth where the second is off, and where it is on; the last over
// the first is their interaction, and the same the other way round.
struct Interaction {
  std::string a, b;
  ContrastEstimate a_without_b, a_with_b, interaction;
};

struct Attribution {
  std::vector<TechniqueCredit> techniques;
  std::vector<Interaction> interactions{};  // empty without the whole lattice
  std::optional<RatioEstimate> total;
  std::optional<RatioEstimate> again{};  // all over all once more, the A/A pair: what noise alone looks like
  int cells_measured = 0, cells_total = 0;
  int rounds = 0;  // that every measured cell has
};

// none, all, each technique alone, all but each: 14. Or the first two and the six alone: 8.
std::vector<ArmSpec> attribution_arms(int threads, bool left_out);

// Cells without samples count as not measured, and leave the ratios that need them empty. The ceilings tell what
// physics leaves of an op at least, and name the placement states; without them bounds are looser.
Attribution attribute(const Lattice& lattice, std::span<const Cell> cells, const CeilingTable& ceilings = {});

// Of arms that were all sampled in the same rounds, as cells of the lattice of the six.
Attribution attribute(std::span<const std::unique_ptr<Arm>> arms, const CeilingTable& ceilings = {});

// A line for every credit that is above what its share of the time allows.
std::vector<std::string> faults(const Attribution& attribution);

// What keeps a cell's numbers from standing: its evidence, and physics.
std::vector<std::string> faults(const Cell& cell, const CeilingTable& ceilings);

std::set<std::string> states_of(const Cell& cell, const CeilingTable& ceilings);
std::vector<NamedJudgement> judge_cell(const Cell& cell, const CeilingTable& ceilings);

// What physics leaves at least of each op of a cell's token; 0 where nothing is known.
std::array<double, kLoopOpCount> least_op_ns(const Cell& cell, const CeilingTable& ceilings);

}  // namespace bitproof
