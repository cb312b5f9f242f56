#include "state_levels.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "rng.hpp"
#include "shapley.hpp"

namespace bitproof {
namespace {

const LatticeShape kLattice(6, 2);
constexpr int kTimes = 2000;

// Cells with bit 1 read memory as fast as they can, and 60 % faster in state 1; the others do not care.
struct TwoStates {
  CellRounds y{64};
  std::vector<std::vector<int>> state{64};
  std::vector<int> kind{};

  explicit TwoStates(Rng& rng) {
    for (std::size_t i = 0; i < 64; ++i) {
      kind.push_back(static_cast<int>(i >> 1 & 1));
      for (int r = 0; r < 8; ++r) {
        state[i].push_back(rng.uniform() < 0.4);
        y[i].push_back(0.02 * rng.gaussian() + 0.47 * kind[i] * state[i].back());
      }
    }
  }
};

TEST(StateLevels, IntervalsCoverAsIfThereWereOneState) {
  Rng rng(11);
  const Contrast dummy = shapley_contrast(kLattice, {0, 1});
  int covered = 0;
  double leveled_width = 0, raw_width = 0;
  for (int s = 0; s < kTimes; ++s) {
    const TwoStates t(rng);
    const auto leveled = estimate(dummy, level_states(t.y, t.state, t.kind)), raw = estimate(dummy, t.y);
    covered += std::abs(leveled->value) <= leveled->half_width;
    leveled_width += leveled->half_width;
    raw_width += raw->half_width;
  }
  EXPECT_GE(covered, 0.93 * kTimes);
  EXPECT_LE(covered, 0.97 * kTimes);
  EXPECT_LT(leveled_width, 0.3 * raw_width) << "a state is no noise once it is known";
}

TEST(StateLevels, OneStateOrNoneKnownChangesNothing) {
  const CellRounds y = {{1, 2}, {3, 4}};
  EXPECT_EQ(level_states(y, {{0, 0}, {0, 0}}, {0, 0}), y);
  EXPECT_EQ(level_states(y, {{-1, -1}, {-1, 0}}, {0, 0}), y);
}

TEST(StateLevels, AKindThatWasNeverSeenInBothStaysAsItIs) {
  const CellRounds y = {{1, 5}, {3, 4}};
  const CellRounds leveled = level_states(y, {{0, 1}, {0, 0}}, {0, 1});
  EXPECT_DOUBLE_EQ(leveled[0][0], 1 + 0.25 * 4) << "one sample of four was in state 1";
  EXPECT_DOUBLE_EQ(leveled[0][1], 5 - 0.75 * 4);
  EXPECT_EQ(leveled[1], y[1]);
}

}  // namespace
}  // namespace bitproof
