#include "lattice_run.hpp"

#include <gmock/gmock.h>

#include <set>

#include "attribution.hpp"
#include "made_up_cells.hpp"
#include "rng.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

// Two factors on the tiny model: four recipes.
Lattice small_lattice() {
  Lattice lattice = technique_lattice();
  lattice.factors = {lattice.factors[0], lattice.factors[5]};  // memory_pool, kv_cache
  lattice.base = parse_recipe("simd");
  return lattice;
}

LatticePlan small_plan(int rounds, bool beside = false) {
  return {.lattice = small_lattice(),
          .cells = {0, 1, 2, 3},
          .model = "tiny",
          .depth = 3,
          .rounds = rounds,
          .most_rounds = rounds,
          .budget_s = 1e6,
          .beside = beside};
}

TEST(LatticeRun, MeasuresEveryCellOnceARound) {
  BITPROOF_NEEDS_SIMD();
  LatticeRun run(small_plan(2, true), 2);
  int samples = 0;
  run.measure(shared_clearance(), {.after_cell = [&] { ++samples; }});
  EXPECT_EQ(run.rounds(), 2);
  EXPECT_EQ(samples, 2 * static_cast<int>(run.cells().size()));
  EXPECT_TRUE(run.packings_why().empty());
  for (const Cell& cell : run.cells()) {
    ASSERT_EQ(cell.samples.size(), 2u) << cell.spec.label;
    EXPECT_EQ(cell.samples[1].round, 1);
    EXPECT_GT(cell.wall_ns(), 0);
    EXPECT_GT(cell.bytes(), 0);
    EXPECT_EQ(cell.evidence.witnesses.size(), static_cast<std::size_t>(kTechniqueCount));
  }
  EXPECT_TRUE(disagreements(run.cells()).empty());
  const Attribution a = attribute(run.plan().lattice, run.cells());
  EXPECT_EQ(a.cells_measured, 4);
  ASSERT_TRUE(a.total && a.again);
  double sum = 0;
  for (const TechniqueCredit& c : a.techniques) sum += c.shapley->value;
  EXPECT_NEAR(sum, std::log(a.total->geometric_mean), 1e-12) << "shares multiply to the total";
  EXPECT_EQ(a.interactions.size(), 1u);
}

TEST(LatticeRun, TakesADisturbedSampleAgainWhileThereIsTime) {
  BITPROOF_NEEDS_SIMD();
  LatticePlan plan = small_plan(1);
  int seen = 0;
  plan.disturbed = [&](const LoopSample&) {
    return ++seen <= 3;
  };  // asked twice of the first cell, whose third try stands, and once of the second
  LatticeRun run(plan, 2);
  run.measure(shared_clearance(), {});
  std::multiset<int> retaken;
  for (const Cell& cell : run.cells()) {
    retaken.insert(cell.retaken);
    ASSERT_EQ(cell.samples.size(), 1u);
    EXPECT_EQ(cell.ledger.tokens, cell.samples[0].loop.tokens) << "what was set aside is not in the ledger";
  }
  EXPECT_EQ(retaken, (std::multiset{0, 0, 1, 2}));

  plan.rounds = 1 << 30;  // of which each has a millisecond: late from the start, so that the first sample stands
  plan.disturbed = [](const LoopSample&) { return true; };
  LatticeRun late(plan, 2);
  late.measure(shared_clearance(), {});
  for (const Cell& cell : late.cells()) EXPECT_EQ(std::tuple(cell.samples.size(), cell.retaken), std::tuple(1u, 0));
}

TEST(LatticeRun, GoesOnWhereItWas) {
  BITPROOF_NEEDS_SIMD();
  LatticeRun first(small_plan(1), 2);
  first.measure(shared_clearance(), {});
  std::vector<Cell> saved = first.cells();
  const std::vector<CellSample> kept = saved[1].samples;
  saved[2].samples.clear();  // killed before this one
  saved[2].ledger = {};
  saved[2].evidence = {};

  LatticeRun second(small_plan(2), 2);
  second.resume(saved, 5);
  EXPECT_GE(second.spent_s(), 5);
  EXPECT_EQ(second.rounds(), 0);
  int samples = 0;
  second.measure(shared_clearance(), {.after_cell = [&] { ++samples; }});
  EXPECT_EQ(second.rounds(), 2);
  EXPECT_EQ(samples, 1 + static_cast<int>(saved.size()));
  EXPECT_EQ(second.cells()[1].samples[0].loop.wall_ns, kept[0].loop.wall_ns) << "what was measured stands";
  EXPECT_EQ(second.cells()[2].samples[0].round, 0);

  LatticePlan other = small_plan(2);
  other.depth = 2;
  LatticeRun third(other, 2);
  EXPECT_THAT(refusal([&] { third.resume(saved, 5); }), HasSubstr("another plan"));
}

TEST(LatticeRun, FormsThatDoNotFitTogetherAreMadeOneAtATime) {
  BITPROOF_NEEDS_SIMD();
  LatticePlan plan = small_plan(2);
  plan.lattice.factors[0] = technique_lattice().factors[static_cast<std::size_t>(Technique::tmac)];  // another form
  plan.memory_bytes = 1;
  LatticeRun run(plan, 2);
  run.measure(shared_clearance(), {});
  EXPECT_EQ(run.rounds(), 2);
  EXPECT_THAT(run.packings_why(), HasSubstr("the 2 packed forms need"));
  EXPECT_TRUE(disagreements(run.cells()).empty()) << "the weights of both forms are the same";
  for (const Cell& cell : run.cells()) EXPECT_EQ(cell.samples.size(), 2u) << cell.spec.label;
}

TEST(LatticeRun, ABudgetThatIsUpLeavesTheRestUnmeasured) {
  BITPROOF_NEEDS_SIMD();
  LatticePlan plan = small_plan(3);
  plan.budget_s = 1e-9;
  LatticeRun run(plan, 2);
  run.measure(shared_clearance(), {});
  EXPECT_EQ(run.rounds(), 0);
  const Attribution a = attribute(run.plan().lattice, run.cells());
  EXPECT_EQ(a.cells_measured, 0);
  EXPECT_FALSE(a.total);
  for (const TechniqueCredit& c : a.techniques) EXPECT_FALSE(c.alone || c.without || c.shapley);
}

// 64 cells whose rates are known, with noise.
std::vector<Cell> made_up_lattice(const Lattice& lattice) {
  constexpr double kTimes[] = {1, 10, 1.5, 1, 0.9, 3};  // prefetch does nothing
  Rng rng(7);
  std::vector<Cell> cells;
  for (std::size_t i = 0; i < 64; ++i) {
    double rate = 0.1;
    for (std::size_t f = 0; f < 6; ++f) rate *= (i >> f) & 1 ? kTimes[f] : 1;
    std::vector<double> rates;
    for (int r = 0; r < 8; ++r) rates.push_back(rate * std::exp(0.02 * rng.gaussian()));
    cells.push_back(made_up_cell(lattice, i, rates));
  }
  return cells;
}

TEST(Attribution, OfAKnownLatticeFindsItsShares) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  const std::vector<Cell> cells = made_up_lattice(lattice);
  const Attribution a = attribute(lattice, cells);
  const double want[] = {1, 10, 1.5, 1, 0.9, 3};
  double product = 1;
  for (std::size_t f = 0; f < 6; ++f) {
    const ContrastEstimate& share = *a.techniques[f].shapley;
    EXPECT_NEAR(std::exp(share.value), want[f], 0.02 * want[f]) << a.techniques[f].name;
    EXPECT_LT(share.half_width, 0.01);
    EXPECT_TRUE(share.shows_effect() || want[f] == 1) << a.techniques[f].name;
    EXPECT_LT(std::abs(share.value - std::log(want[f])), 2 * share.half_width) << a.techniques[f].name;
    product *= std::exp(share.value);
  }
  EXPECT_NEAR(product, a.total->geometric_mean, 1e-9);
  EXPECT_EQ(a.interactions.size(), 15u);
  int shown = 0;
  for (const Interaction& i : a.interactions) shown += i.interaction.shows_effect();
  EXPECT_LE(shown, 3) << "there is none";
}

TEST(Attribution, WithoutOneCellNoShareIsGiven) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  std::vector<Cell> cells = made_up_lattice(lattice);
  cells.erase(cells.begin() + 20);
  const Attribution a = attribute(lattice, cells);
  EXPECT_EQ(a.cells_measured, 63);
  for (const TechniqueCredit& c : a.techniques) {
    EXPECT_FALSE(c.shapley) << c.name;
    EXPECT_TRUE(c.alone && c.without) << c.name;
  }
  EXPECT_TRUE(a.interactions.empty());
}

}  // namespace
}  // namespace bitproof
