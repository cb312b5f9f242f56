#include "states.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "rng.hpp"

namespace bitproof {
namespace {

// Samples that each were taken in one state: both readings around `ns`, with log-normal noise.
void add(std::vector<ReadingPair>& readings, int count, double ns, double noise, Rng& rng) {
  const auto reading = [&] { return ns * std::exp(noise * rng.gaussian()); };
  for (int i = 0; i < count; ++i) readings.push_back({reading(), reading()});
}

int states_in(std::initializer_list<std::pair<int, double>> groups, double noise, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<ReadingPair> readings;
  for (const auto& [count, ns] : groups) add(readings, count, ns, noise, rng);
  return States(readings).count();
}

TEST(States, FindsAsManyAsThereAre) {
  int wrong_one = 0, wrong_two = 0, wrong_three = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    wrong_one += states_in({{60, 27}}, 0.06, seed) != 1;
    wrong_two += states_in({{40, 27}, {20, 170}}, 0.06, seed) != 2;
    wrong_three += states_in({{30, 27}, {30, 60}, {10, 170}}, 0.06, seed) != 3;
  }
  EXPECT_EQ(wrong_one, 0);
  EXPECT_EQ(wrong_two, 0);
  EXPECT_EQ(wrong_three, 0);
}

// No gap is a constant: what is apart beside its own scatter is two states at a ratio of 1.3 as at one of 6.
TEST(States, NeedNoKnownLatencyOrGap) {
  for (const double unit : {0.01, 1.0, 1e4}) {
    EXPECT_EQ(states_in({{30, 27 * unit}, {30, 35 * unit}}, 0.01, 7), 2) << unit;
    EXPECT_EQ(states_in({{30, 27 * unit}, {30, 170 * unit}}, 0.01, 7), 2) << unit;
  }
}

TEST(States, AFewSamplesOfAStateAreEnough) { EXPECT_EQ(states_in({{60, 27}, {3, 170}}, 0.05, 3), 2); }

TEST(States, OneSpreadIsOneState) {
  Rng rng(5);
  std::vector<ReadingPair> uniform, skewed;
  for (int i = 0; i < 200; ++i) {
    uniform.push_back({25 + 10 * rng.uniform(), 25 + 10 * rng.uniform()});
    skewed.push_back({25 - 3 * std::log(1 - rng.uniform()), 25 - 3 * std::log(1 - rng.uniform())});
  }
  EXPECT_EQ(States(uniform).count(), 1);
  EXPECT_EQ(States(skewed).count(), 1);
}

// A reading that was disturbed is far off, but nothing stays there.
TEST(States, WhatDoesNotLastIsNoState) {
  Rng rng(6);
  std::vector<ReadingPair> readings;
  add(readings, 60, 27, 0.03, rng);
  for (int i = 0; i < 60; i += 6) readings[static_cast<std::size_t>(i)].after = 160.0;
  EXPECT_EQ(States(readings).count(), 1);
}

TEST(States, EqualReadingsAreOneState) {
  const std::vector<ReadingPair> readings(40, {27.0, 27.0});
  const States states(readings);
  EXPECT_EQ(states.count(), 1);
  EXPECT_EQ(states.of(27.0), 0);
}

TEST(States, LabelByAscendingReadingAndRefuseWhatIsNotOfOne) {
  Rng rng(8);
  std::vector<ReadingPair> readings;
  add(readings, 20, 170, 0.02, rng);
  add(readings, 20, 27, 0.02, rng);
  const States states(readings);
  ASSERT_EQ(states.count(), 2);
  EXPECT_EQ(states.of(26.0), 0);
  EXPECT_EQ(states.of(180.0), 1);
  EXPECT_EQ(states.of(std::optional<double>()), std::nullopt);
  EXPECT_EQ(states.of(ReadingPair{27.0, 170.0}), std::nullopt) << "it changed";
  EXPECT_EQ(states.of(ReadingPair{27.0, std::nullopt}), std::nullopt) << "it may have changed";
  EXPECT_EQ(states.of(ReadingPair{169.0, 171.0}), 1);
}

TEST(States, WithoutReadingsThereIsOneAndNothingIsInIt) {
  const States none(std::vector<ReadingPair>(5));
  EXPECT_EQ(none.count(), 1);
  EXPECT_EQ(none.of(std::optional<double>()), std::nullopt);
  EXPECT_EQ(States().count(), 1);
}

}  // namespace
}  // namespace bitproof
