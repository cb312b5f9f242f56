#include "comparison.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "made_up_samples.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

struct Rates {
  int faster = 0, slower = 0, same = 0, ambiguous = 0, control_alarms = 0, covered = 0;
};

Rates rates_of(const MadeUpMachine& machine, int trials, const CompareSchedule& schedule = {}) {
  Rates rates;
  for (int t = 0; t < trials; ++t) {
    const CaseComparison c = compare_made_up(machine, stream_seed(99, t), schedule);
    const RatioVerdict& r = c.result;
    (r.verdict == Effect::faster   ? rates.faster
     : r.verdict == Effect::slower ? rates.slower
     : r.verdict == Effect::same   ? rates.same
                                   : rates.ambiguous)++;
    rates.control_alarms += c.control->verdict == Effect::faster || c.control->verdict == Effect::slower;
    rates.covered += r.ratio && r.ci_low <= machine.effect && machine.effect <= r.ci_high;
  }
  return rates;
}

// The rates below are of fixed seeds, so they are numbers and not chances. Nominally an interval of 99 % is wrong once
// in 100; where it is narrower than half the smallest effect, which the rule asks for besides, hardly ever.
TEST(CompareRates, NoEffectIsNotCalledOne) {
  const Rates r = rates_of({}, 600);
  EXPECT_LE(r.faster + r.slower, 1);
  EXPECT_LE(r.control_alarms, 1);
  EXPECT_GE(r.same, 580);
  EXPECT_GE(r.covered, 588) << "stopping by the width may cost the interval a little of its 99 %";
}

TEST(CompareRates, ASlowdownOfFivePercentIsFound) {
  const Rates r = rates_of({.effect = 1.05}, 300);
  EXPECT_GE(r.slower, 297);
  EXPECT_EQ(r.faster, 0);
}

TEST(CompareRates, ASlowdownOfThreePercentIsFound) {
  const Rates r = rates_of({.effect = 1.03}, 300);
  EXPECT_GE(r.slower, 291);
  EXPECT_EQ(r.faster, 0);
}

TEST(CompareRates, ASpeedupIsNoSlowdown) {
  const Rates r = rates_of({.effect = 1 / 1.05}, 200);
  EXPECT_GE(r.faster, 198);
  EXPECT_EQ(r.slower, 0);
}

// An effect of 1 % is real, and too small to matter.
TEST(CompareRates, ASmallEffectIsNotCalledOne) {
  const Rates r = rates_of({.effect = 1.01}, 300);
  EXPECT_LE(r.slower, 30);
  EXPECT_EQ(r.faster, 0);
}

// Placements that flip in the middle of launches, and slow everything by 1.8, are blocked.
TEST(CompareRates, HoldWhileThePlacementFlips) {
  const Rates none = rates_of({.flips = 0.02}, 300);
  EXPECT_LE(none.faster + none.slower, 1);
  const Rates five = rates_of({.effect = 1.05, .flips = 0.02}, 200);
  EXPECT_GE(five.slower, 190);
  EXPECT_EQ(five.faster, 0);
}

TEST(CompareRates, HoldUnderForeignLoadThatShows) {
  const Rates none = rates_of({.foreign = 0.3}, 300);
  EXPECT_LE(none.faster + none.slower, 1);
  const Rates five = rates_of({.effect = 1.05, .foreign = 0.3}, 200);
  EXPECT_GE(five.slower, 180);
}

// A noisy machine costs answers, not truth: intervals are wide, and wrong as seldom as they say.
TEST(CompareRates, HoldOnANoisyMachine) {
  const MadeUpMachine noisy{.between = 0.008, .within = 0.02, .tail = 0.05};
  const Rates none = rates_of(noisy, 400);
  EXPECT_LE(none.faster + none.slower, 4);
  EXPECT_GE(none.covered, 392);
  MadeUpMachine slowed = noisy;
  slowed.effect = 1.05;
  const Rates five = rates_of(slowed, 200);
  EXPECT_GE(five.slower, 190);
  EXPECT_EQ(five.faster, 0);
}

// Layout: a process is 5 % off for as long as it lives. Many rounds of few processes would be sure of it.
TEST(CompareRates, HoldWhenProcessesDiffer) {
  const Rates r = rates_of({.between = 0.05, .within = 0.002}, 400);
  EXPECT_LE(r.faster + r.slower, 4);
}

Launch launch_of(std::initializer_list<double> ratios, double ping_pong_ns = 27) {
  Launch launch;
  for (const double ratio : ratios) {
    Round round;
    for (TimedBatch& batch : round.arm) {
      batch.ns = {100, 100, 100};
      batch.state.before = batch.state.after = {ping_pong_ns, 3.5, ""};
      batch.state.load = {0.25, 1, 0.0, 0.0, "", 0, 0};
    }
    for (double& ns : round[Seat::b].ns) ns *= ratio;
    launch.push_back(round);
  }
  return launch;
}

// Launches whose ratios scatter a little around one.
std::vector<Launch> launches_of(int count, double ratio, double ping_pong_ns = 27) {
  std::vector<Launch> all;
  for (int i = 0; i < count; ++i) {
    const double r = ratio * (1 + 0.002 * ((i % 3) - 1));
    all.push_back(launch_of({r, r, r}, ping_pong_ns));
  }
  return all;
}

TEST(Compare, SaysTheVerdictOfARatio) {
  EXPECT_EQ(judge_launches(launches_of(6, 1.05), {}).result.verdict, Effect::slower);
  EXPECT_EQ(judge_launches(launches_of(6, 0.95), {}).result.verdict, Effect::faster);
  EXPECT_EQ(judge_launches(launches_of(6, 1.00), {}).result.verdict, Effect::same);
  EXPECT_EQ(judge_launches(launches_of(6, 1.01), {}).result.verdict, Effect::same) << "under half the smallest effect";
  EXPECT_EQ(judge_launches(launches_of(6, 1.02), {}).result.verdict, Effect::slower);
  EXPECT_EQ(judge_launches(launches_of(6, 1.05), {.smallest_effect = 0.2}).result.verdict, Effect::same);
}

TEST(Compare, NeedsARecurrenceInThreeLaunches) {
  const CaseComparison two = judge_launches(launches_of(2, 1.5), {});
  EXPECT_EQ(two.result.verdict, Effect::ambiguous);
  EXPECT_EQ(two.result.by_launch.size(), 2u);
  const std::vector<double> logs = {0.1, 0.1001};
  const RatioVerdict narrow = judge_ratios(logs, 2, {}, 1);
  EXPECT_EQ(narrow.verdict, Effect::ambiguous) << "the interval excludes 1, and yet";
  EXPECT_THAT(narrow.why, HasSubstr("recurs in 2 launches"));
}

TEST(Compare, OneLaunchBoundsNothing) {
  const CaseComparison one = judge_launches({launch_of({1.5, 1.5, 1.5, 1.5})}, {});
  EXPECT_EQ(one.result.verdict, Effect::ambiguous);
  EXPECT_TRUE(std::isinf(one.result.ci_high));
}

TEST(Compare, NeverPairsAcrossStates) {
  std::vector<Launch> launches = launches_of(4, 1.0);
  for (Launch& launch : launches_of(4, 1.0, 170)) launches.push_back(launch);
  const int usable = judge_launches(launches, {}).result.pairs;
  // B in the other placement, twice as slow there: no pair, and no effect.
  for (Launch& launch : launches) {
    Round odd = launch[0];
    const double other = *odd[Seat::a].state.before.ping_pong_ns < 100 ? 170 : 27;
    odd[Seat::b].state.before.ping_pong_ns = odd[Seat::b].state.after.ping_pong_ns = other;
    for (double& ns : odd[Seat::b].ns) ns *= 2;
    launch.push_back(odd);
  }
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.result.pairs, usable);
  EXPECT_EQ(c.result.verdict, Effect::same);
}

TEST(Compare, PoolsStatesOnlyWhereTheirEffectsAreShownToAgree) {
  std::vector<Launch> alike = launches_of(6, 1.05), apart = launches_of(6, 1.05);
  for (Launch& launch : launches_of(6, 1.052, 170)) alike.push_back(launch);
  for (Launch& launch : launches_of(6, 1.20, 170)) apart.push_back(launch);
  const CaseComparison pooled = judge_launches(alike, {});
  EXPECT_EQ(pooled.state, "pooled");
  EXPECT_EQ(pooled.result.by_launch.size(), 12u);
  EXPECT_EQ(pooled.by_state.size(), 2u);
  const CaseComparison separate = judge_launches(apart, {});
  EXPECT_THAT(separate.state, HasSubstr("A SLOWER, B SLOWER"));
  EXPECT_EQ(separate.result.by_launch.size(), 6u);
  EXPECT_GT(separate.result.confidence, 0.99) << "two intervals, so each is corrected";
}

TEST(Compare, FasterHereAndSlowerThereIsAmbiguous) {
  std::vector<Launch> launches = launches_of(6, 1.1);
  for (Launch& launch : launches_of(6, 0.9, 170)) launches.push_back(launch);
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.result.verdict, Effect::ambiguous);
  EXPECT_THAT(c.result.why, HasSubstr("slower in another"));
  ASSERT_EQ(c.by_state.size(), 2u);
  EXPECT_EQ(c.by_state[0].result.verdict, Effect::slower);
  EXPECT_EQ(c.by_state[1].result.verdict, Effect::faster);
}

TEST(Compare, SlowerInOneStateIsSlower) {
  std::vector<Launch> launches = launches_of(6, 1.1);
  for (Launch& launch : launches_of(6, 1.0, 170)) launches.push_back(launch);
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.result.verdict, Effect::slower);
  EXPECT_NEAR(*c.result.ratio, 1.1, 0.01);
  EXPECT_THAT(c.state, HasSubstr("B SAME"));
}

TEST(Compare, SetsAsideAndCountsWhatDecidesNothing) {
  std::vector<Launch> launches = launches_of(5, 1.0);
  TimedBatch& loaded = launches[0][0][Seat::a];
  loaded.state.load.foreign_fraction = 0.5;
  launches[1][0][Seat::b].state.load.steal_fraction = 0.5;
  launches[2][0][Seat::b].state.load.run_queue_wait_ns = 100'000'000;
  launches[3][0][Seat::control].state.after.ping_pong_ns = std::nullopt;
  launches[4][0][Seat::b].ns = {100, -5};
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.samples, 5 * 3 * 3);
  const SetAside want = {{"other work had the CPUs", 2},
                         {"it waited for a CPU", 1},
                         {"its state could not be read", 1},
                         {"the clock went backwards", 1}};
  EXPECT_EQ(c.set_aside, want);
  EXPECT_EQ(c.result.pairs, 5 * 3 - 3) << "one A stands in for the other, but nothing for B";
  EXPECT_EQ(c.launches.size(), 5u) << "kept";
}

// A load that could not be read is no reason to drop a sample, nor is a machine without a second core.
TEST(Compare, OneStateMachinesAreLegal) {
  std::vector<Launch> launches = launches_of(6, 1.05);
  for (Launch& launch : launches) {
    for (Round& round : launch) {
      for (TimedBatch& batch : round.arm) {
        batch.state.before = batch.state.after = {std::nullopt, std::nullopt, "one usable core: nothing to ping"};
        batch.state.load = {0.25, 1, std::nullopt, std::nullopt, "not read", 0, 0};
      }
    }
  }
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.result.verdict, Effect::slower);
  EXPECT_EQ(c.state, "not read");
  EXPECT_TRUE(c.set_aside.empty());
}

TEST(Compare, ClocksAreStatesToo) {
  std::vector<Launch> launches = launches_of(5, 1.0);
  for (Launch& launch : launches) {
    for (double& ns : launch[0][Seat::b].ns) ns *= 1.5;  // at the lower clock
    launch[0][Seat::b].state.before.clock_ghz = launch[0][Seat::b].state.after.clock_ghz = 2.3;
  }
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.result.pairs, 5 * 2);
  EXPECT_EQ(c.result.verdict, Effect::same);
  EXPECT_THAT(c.state, HasSubstr("clock 2"));
}

TEST(Compare, IsAmbiguousWhereTheControlDiffers) {
  std::vector<Launch> launches = launches_of(6, 1.05);
  for (Launch& launch : launches) {
    for (Round& round : launch) {
      for (double& ns : round[Seat::control].ns) ns *= 1.05;
    }
  }
  const CaseComparison c = judge_launches(launches, {});
  EXPECT_EQ(c.control->verdict, Effect::slower);
  EXPECT_EQ(c.result.verdict, Effect::ambiguous);
  EXPECT_THAT(c.result.why, HasSubstr("control"));
  EXPECT_EQ((Comparison{.cases = {c}}.aa_false_alarms()), 1);
}

TEST(Compare, CorrectsForManyComparisons) {
  const RatioVerdict alone = judge_launches(launches_of(5, 1.03), {}).result;
  const RatioVerdict of_many = judge_launches(launches_of(5, 1.03), {.comparisons = 100}).result;
  EXPECT_DOUBLE_EQ(alone.confidence, 0.99);
  EXPECT_DOUBLE_EQ(of_many.confidence, 0.9999);
  EXPECT_GT(of_many.ci_high - of_many.ci_low, 2 * (alone.ci_high - alone.ci_low));
}

TEST(Compare, NothingUsableIsAmbiguousAndNoNumber) {
  std::vector<Launch> launches = launches_of(3, 1.05);
  for (Launch& launch : launches) {
    for (Round& round : launch) round[Seat::b].state.load.foreign_fraction = 0.9;
  }
  for (const CaseComparison& c : {judge_launches(launches, {}), judge_launches({}, {})}) {
    EXPECT_EQ(c.result.verdict, Effect::ambiguous);
    EXPECT_FALSE(c.result.ratio);
    EXPECT_FALSE(c.result.why.empty());
  }
}

TEST(CompareUnpaired, NeedsTheWholeIntervalBeyondTheSmallestEffect) {
  const std::vector<double> a = {100, 101, 99, 100, 100.5}, slow = {120, 121, 119, 120, 120},
                            same = {100.2, 100, 99.8, 100, 100}, near = {103, 104, 102, 103.5, 103},
                            noisy = {90, 130, 80, 140, 115};
  EXPECT_EQ(judge_unpaired(a, slow, {}).verdict, Effect::slower);
  EXPECT_EQ(judge_unpaired(slow, a, {}).verdict, Effect::faster);
  EXPECT_EQ(judge_unpaired(a, same, {}).verdict, Effect::same);
  EXPECT_EQ(judge_unpaired(a, near, {}).verdict, Effect::ambiguous);
  EXPECT_EQ(judge_unpaired(a, noisy, {}).verdict, Effect::ambiguous);
  EXPECT_EQ(judge_unpaired(std::vector{100.0}, std::vector{200.0}, {}).verdict, Effect::ambiguous) << "one of each";
}

}  // namespace
}  // namespace bitproof
