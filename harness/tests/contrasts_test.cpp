#include "contrasts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "allocation.hpp"
#include "rng.hpp"
#include "shapley.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

const LatticeShape kSix(6, 2);

// A lattice whose truth is known: every factor with an effect, two that need each other, and one that does nothing.
constexpr int kDummy = 3;
double true_log_rate(std::size_t cell) {
  constexpr double kEffect[] = {0.02, 2.5, 0.5, 0, 0.8, 1.6};
  const std::vector<int> on = levels_of(cell, kSix);
  double y = -3;
  for (std::size_t f = 0; f < on.size(); ++f) y += on[f] * kEffect[f];
  return y + 0.3 * on[0] * on[2] - 0.9 * on[1] * on[4] + 0.2 * on[1] * on[2] * on[5];
}

double truth(const Contrast& contrast) {
  double value = 0;
  for (std::size_t i = 0; i < contrast.size(); ++i) value += contrast[i] * true_log_rate(i);
  return value;
}

// Standard deviations of the logarithm of a rate: of each cell's own noise, within a repeat, and of what a round does
// to all.
struct Noise {
  const char* name;
  std::function<double(std::size_t cell)> own;
  double repeat, round;
};
const Noise kNoises[] = {
    {"equal", [](std::size_t) { return 0.03; }, 0, 0},
    {"unequal", [](std::size_t cell) { return 0.01 + 0.01 * static_cast<double>(cell % 7); }, 0, 0},
    {"unequal, and slow rounds", [](std::size_t cell) { return 0.01 + 0.01 * static_cast<double>(cell % 7); }, 0, 0.1},
    {"repeats where they help, and slow rounds", [](std::size_t) { return 0.01; }, 0.05, 0.1},
};

struct Design {
  const char* name;
  std::vector<std::size_t> cells;
  int rounds;
  std::vector<Contrast> contrasts;
};

// `--budget 60m` and `--budget 5m`.
Design full() {
  Design d{"64 cells, 8 rounds", std::vector<std::size_t>(64), 8, {}};
  std::iota(d.cells.begin(), d.cells.end(), 0u);
  for (int f = 0; f < 6; ++f) d.contrasts.push_back(shapley_contrast(kSix, {f, 1}));
  d.contrasts.push_back(alone_contrast(kSix, {1, 1}));
  d.contrasts.push_back(without_contrast(kSix, {0, 1}));
  d.contrasts.push_back(interaction_contrast(kSix, {0, 1}, 2));
  d.contrasts.push_back(total_contrast(kSix));
  return d;
}

Design corners() {
  Design d{"14 cells, 4 rounds", {0, 63}, 4, {total_contrast(kSix)}};
  for (int f = 0; f < 6; ++f) {
    d.cells.push_back(std::size_t{1} << f);
    d.cells.push_back(63 ^ (std::size_t{1} << f));
    d.contrasts.push_back(f % 2 ? alone_contrast(kSix, {f, 1}) : without_contrast(kSix, {f, 1}));
  }
  return d;
}

// `run --suite quick`.
Design each_alone() {
  Design d{"8 cells, 3 rounds", {0, 63}, 3, {total_contrast(kSix)}};
  for (int f = 0; f < 6; ++f) {
    d.cells.push_back(std::size_t{1} << f);
    d.contrasts.push_back(alone_contrast(kSix, {f, 1}));
  }
  return d;
}

CellRounds simulate(const Design& design, const Noise& noise, Rng& rng) {
  CellRounds y(64);
  std::vector<int> repeats(64, 1);
  std::vector<double> cost(64);
  for (std::size_t i = 0; i < 64; ++i) cost[i] = std::exp(-true_log_rate(i));
  for (int r = 0; r < design.rounds; ++r) {
    const double slow = noise.round * rng.gaussian();
    if (noise.repeat > 0) repeats = allocate_repeats(uncertainties(design.contrasts, y), cost, 20);
    for (const std::size_t i : design.cells) {
      const double within = noise.repeat / std::sqrt(repeats[i]);
      y[i].push_back(true_log_rate(i) + slow + noise.own(i) * rng.gaussian() + within * rng.gaussian());
    }
  }
  return y;
}

// The seed and the number were fixed before the first run.
constexpr int kSimulations = 2000;
constexpr std::uint64_t kSeed = 20261121;

class Coverage : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Coverage, OfNominal95PercentIsWithin93And97) {
  const auto [noise_index, design_index] = GetParam();
  const Noise& noise = kNoises[noise_index];
  const Design design = design_index == 0 ? full() : design_index == 1 ? corners() : each_alone();
  Rng rng(stream_seed(kSeed, noise_index, design_index));
  std::vector<int> covered(design.contrasts.size());
  double width = 0;
  for (int s = 0; s < kSimulations; ++s) {
    const CellRounds y = simulate(design, noise, rng);
    for (std::size_t i = 0; i < covered.size(); ++i) {
      const auto e = estimate(design.contrasts[i], y);
      covered[i] += std::abs(e->value - truth(design.contrasts[i])) <= e->half_width;
      width += e->half_width / static_cast<double>(covered.size()) / kSimulations;
    }
  }
  double all = 0, least = 1, most = 0;
  for (std::size_t i = 0; i < covered.size(); ++i) {
    const double coverage = static_cast<double>(covered[i]) / kSimulations;
    EXPECT_GE(coverage, 0.93) << design.name << ", " << noise.name << ", contrast " << i;
    EXPECT_LE(coverage, 0.97) << design.name << ", " << noise.name << ", contrast " << i;
    all += coverage / static_cast<double>(covered.size());
    least = std::min(least, coverage);
    most = std::max(most, coverage);
  }
  std::printf("[ coverage ] %s, %s: %.2f %% (by contrast %.2f to %.2f %%), mean half-width %.4f\n", design.name,
              noise.name, 100 * all, 100 * least, 100 * most, width);
}
INSTANTIATE_TEST_SUITE_P(Contrasts, Coverage, testing::Combine(testing::Range(0, 4), testing::Range(0, 2)));
// `run` gives no cell repeats of its own, so the noise that has them is not its.
INSTANTIATE_TEST_SUITE_P(QuickContrasts, Coverage, testing::Combine(testing::Range(0, 3), testing::Values(2)));

// So that contrast kDummy of the full design, its Shapley share, is covered where its interval holds 1.0x.
TEST(Contrasts, ADummyIsWorthNothingWhateverElseIsOn) {
  const FactorLevel dummy{kDummy, 1};
  for (const Contrast& c :
       {shapley_contrast(kSix, dummy), alone_contrast(kSix, dummy), without_contrast(kSix, dummy)}) {
    EXPECT_NEAR(truth(c), 0, 1e-12);
  }
  for (int other = 0; other < 6; ++other) {
    if (other == kDummy) continue;
    EXPECT_NEAR(truth(interaction_contrast(kSix, dummy, other)), 0, 1e-12) << other;
  }
  EXPECT_EQ(full().contrasts[kDummy], shapley_contrast(kSix, dummy));
}

// What the intervals of the designs would be without studentizing: too narrow, and the test above sees it.
TEST(Contrasts, ANormalIntervalOverFourRoundsCoversLess) {
  const Design design = corners();
  Rng rng(kSeed);
  int covered = 0;
  for (int s = 0; s < kSimulations; ++s) {
    const CellRounds y = simulate(design, kNoises[0], rng);
    const Contrast& c = design.contrasts[1];
    std::vector<double> by_round(4);
    for (const std::size_t i : cells_of(c)) {
      for (std::size_t r = 0; r < 4; ++r) by_round[r] += c[i] * y[i][r];
    }
    const MeanInterval t = mean_interval(by_round, 0.95);
    covered += std::abs(t.mean - truth(c)) <= 1.96 * std::sqrt(variance(by_round) / 4);
  }
  EXPECT_LT(covered, 0.90 * kSimulations);
}

TEST(Contrasts, WhatARoundDoesToAllCancels) {
  CellRounds y = {{0, 0.1, 0.2}, {1, 1.1, 1.2}, {2, 2.1, 2.2}};
  const auto e = estimate({-1, 0, 1}, y);
  EXPECT_DOUBLE_EQ(e->value, 2);
  EXPECT_NEAR(e->half_width, 0, 1e-12);
}

TEST(Contrasts, TwoCellsAloneArePairedAndStudents) {
  const CellRounds y = {{0, 0.5, 0.1}, {1, 1.4, 1.3}};
  const auto e = estimate({-1, 1}, y);
  const MeanInterval want = mean_interval(std::vector{1.0, 0.9, 1.2}, 0.95);
  EXPECT_DOUBLE_EQ(e->value, want.mean);
  EXPECT_DOUBLE_EQ(e->half_width, want.half_width);
  EXPECT_EQ(e->degrees, 2);
}

TEST(Contrasts, OnlyRoundsThatAllItsCellsHaveEnter) {
  const CellRounds y = {{0, 0, kMissing, 0}, {1, kMissing, 5, 3}, {7}};
  const auto e = estimate({-1, 1, 0}, y);
  EXPECT_EQ(e->rounds, 2);
  EXPECT_DOUBLE_EQ(e->value, 2);
  EXPECT_FALSE(estimate({0, 0, 0}, y));
  EXPECT_FALSE(estimate({-1, 0, 1}, CellRounds{{kMissing}, {1}, {1}}));
}

TEST(Contrasts, OneRoundBoundsNothing) {
  const auto e = estimate({-1, 1}, CellRounds{{0}, {1}});
  EXPECT_DOUBLE_EQ(e->value, 1);
  EXPECT_TRUE(std::isinf(e->half_width));
  EXPECT_FALSE(e->shows_effect());
}

TEST(Contrasts, CellVariancesAreUnbiased) {
  constexpr double kSd[] = {1, 2, 3, 0.5};
  Rng rng(kSeed);
  std::vector<double> mean(4);
  for (int s = 0; s < 4000; ++s) {
    CellRounds y(4, std::vector<double>(4));
    for (std::size_t r = 0; r < 4; ++r) {
      const double slow = 10 * rng.gaussian();
      for (std::size_t i = 0; i < 4; ++i) y[i][r] = slow + kSd[i] * rng.gaussian();
    }
    const std::vector<double> s2 = cell_variances(y);
    for (std::size_t i = 0; i < 4; ++i) mean[i] += s2[i] / 4000;
  }
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(mean[i], kSd[i] * kSd[i], 0.25) << i;
}

TEST(Allocation, SpendsWhereItIsUncertainForItsPrice) {
  const double u[] = {1, 1, 0, 100}, cost[] = {1, 0.1, 0.1, 50};
  const std::vector<int> repeats = allocate_repeats(u, cost, 2);
  EXPECT_EQ(repeats[2], 1) << "nothing to learn there";
  EXPECT_EQ(repeats[3], 1) << "does not fit";
  EXPECT_GT(repeats[1], repeats[0]);
  double spent = 0;
  for (std::size_t i = 0; i < 4; ++i) spent += (repeats[i] - 1) * cost[i];
  EXPECT_LE(spent, 2);
  EXPECT_EQ(allocate_repeats(u, cost, 0), std::vector<int>(4, 1));
  EXPECT_EQ(allocate_repeats(u, cost, 1e9), (std::vector<int>{kMostRepeats, kMostRepeats, 1, kMostRepeats}));
}

TEST(Allocation, WhatIsLeftHoldsTheCheapest) {
  const double cost[] = {5, 1, 3, 1};
  EXPECT_EQ(affordable(cost, 10), std::vector<bool>(4, true));
  EXPECT_EQ(affordable(cost, 9), (std::vector<bool>{false, true, true, true}));
  EXPECT_EQ(affordable(cost, 2), (std::vector<bool>{false, true, false, true}));
  EXPECT_EQ(affordable(cost, 0.5), std::vector<bool>(4));
}

TEST(Allocation, LearnsFromThreeRounds) {
  const Contrast contrast = {-1, 1, 0};
  const CellRounds two = {{0, 0.1}, {0, 0}, {0, 0}}, three = {{0, 0.4, -0.3}, {0, 0.01, 0}, {0, 0, 0.01}};
  EXPECT_EQ(uncertainties({&contrast, 1}, two), std::vector<double>(3, 1.0));
  const std::vector<double> u = uncertainties({&contrast, 1}, three);
  EXPECT_GT(u[0], u[1]);
  EXPECT_EQ(u[2], 0) << "no contrast needs it";
}

}  // namespace
}  // namespace bitproof
