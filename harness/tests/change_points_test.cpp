#include "change_points.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "rng.hpp"

namespace bitproof {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Log-normal around each level in turn.
std::vector<double> series(std::vector<std::pair<double, int>> levels, double noise, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> ns;
  for (const auto& [level, n] : levels) {
    for (int i = 0; i < n; ++i) ns.push_back(level * std::exp(noise * rng.gaussian()));
  }
  return ns;
}

std::vector<std::size_t> places(const std::vector<ChangePoint>& changes) {
  std::vector<std::size_t> at;
  for (const ChangePoint& c : changes) at.push_back(c.first);
  return at;
}

TEST(ChangePoints, AStepIsFoundWhereItIs) {
  const auto changes = change_points(series({{1000, 20}, {1100, 15}}, 0.01, 1));
  ASSERT_THAT(places(changes), ElementsAre(20));
  EXPECT_NEAR(changes[0].ratio(), 1.1, 0.01);
  EXPECT_NEAR(changes[0].before_ns, 1000, 10);
  EXPECT_LE(changes[0].p, kChangeLevel);
}

TEST(ChangePoints, SlowerAndFasterAgainAreTwo) {
  const auto changes = change_points(series({{1000, 15}, {1200, 15}, {900, 15}}, 0.01, 2));
  ASSERT_THAT(places(changes), ElementsAre(15, 30));
  EXPECT_NEAR(changes[0].ratio(), 1.2, 0.02);
  EXPECT_NEAR(changes[1].ratio(), 0.75, 0.02);
}

TEST(ChangePoints, TheNewestThreeRunsAreEnoughAfterALongHistory) {
  EXPECT_THAT(places(change_points(series({{1000, 40}, {1100, 3}}, 0.01, 3))), ElementsAre(40));
}

// 300 quiet series: at a level of 0.01 each, 8 or more would come up once in 76 (binomial), and the seeds are fixed.
TEST(ChangePoints, NoiseIsNone) {
  int found = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    found += !change_points(series({{1000, 30}}, 0.02, 1000 + seed)).empty();
  }
  EXPECT_LT(found, 8);
}

TEST(ChangePoints, OneOddValueIsNone) {
  for (const std::size_t odd : {std::size_t{0}, std::size_t{17}, std::size_t{39}}) {
    auto ns = series({{1000, 40}}, 0.01, 4);
    ns[odd] *= 3;
    EXPECT_THAT(change_points(ns), IsEmpty()) << odd;
  }
}

TEST(ChangePoints, TooFewValuesAndEqualValuesHaveNone) {
  EXPECT_THAT(change_points({}), IsEmpty());
  EXPECT_THAT(change_points(std::vector<double>{1, 1, 1, 2, 2, 2}), IsEmpty()) << "2 of 20 orders: p = 0.1";
  EXPECT_THAT(change_points(std::vector<double>(50, 7.0)), IsEmpty());
}

TEST(ChangePoints, AreTheSameEveryTimeAndInAnyUnit) {
  const auto ns = series({{1000, 20}, {1050, 20}}, 0.02, 5);
  auto us = ns;
  for (double& t : us) t *= 1e-3;
  EXPECT_EQ(places(change_points(ns)), places(change_points(ns)));
  EXPECT_EQ(places(change_points(ns)), places(change_points(us)));
}

TEST(ChangePoints, RefuseWhatIsNoTime) {
  for (const double bad : {0.0, -1.0, std::nan(""), std::numeric_limits<double>::infinity()}) {
    EXPECT_THROW(change_points(std::vector<double>{1, bad}), std::invalid_argument);
  }
}

}  // namespace
}  // namespace bitproof
