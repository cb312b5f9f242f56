#include "comparison_run.hpp"

#include <gmock/gmock.h>

#include <set>

#include "made_up_samples.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

TEST(CompareRun, StopsWhenTheIntervalIsNarrowEnough) {
  const CaseComparison c = compare_made_up({.within = 0.002, .tail = 0}, 1);
  EXPECT_THAT(c.stopped, HasSubstr("asked 2.0 %"));
  EXPECT_LE(c.result.ci_high / c.result.ci_low - 1, 0.02);
  EXPECT_GE(c.launches.size(), 5u);
  EXPECT_LT(c.seconds, 60);
}

TEST(CompareRun, StopsWhenTheBudgetEndsAndSaysSo) {
  const CaseComparison c = compare_made_up({.between = 0.1, .within = 0.1}, 1);
  EXPECT_THAT(c.stopped, HasSubstr("budget of 60 s"));
  EXPECT_LE(c.seconds, 60);
  EXPECT_EQ(c.result.verdict, Effect::ambiguous);
}

TEST(CompareRun, HasOneLaunchWhateverTheBudget) {
  const CaseComparison c = compare_made_up({}, 1, {.budget_s = 0.1});
  ASSERT_EQ(c.launches.size(), 1u);
  EXPECT_EQ(c.launches[0].size(), 1u);
  EXPECT_EQ(c.result.verdict, Effect::ambiguous);
}

// Every order of the three arms, and the same orders from the same seed.
TEST(CompareRun, ShufflesTheArmsOfEachRoundFromTheSeed) {
  struct Scribe final : Crew {
    explicit Scribe(std::string& text) : orders(text) {}
    TimedBatch take(Seat seat) override {
      orders += "ABC"[static_cast<int>(seat)];
      return {{100}, {}};
    }
    std::string& orders;
  };
  const auto orders = [](std::uint64_t seed) {
    std::string text;
    double now = 0;
    const CompareSchedule schedule{.width = 1e-9, .seed = seed};
    run_comparison([&] { return std::make_unique<Scribe>(text); }, {}, schedule, [&] { return now += 0.1; });
    return text;
  };
  const std::string first = orders(1);
  EXPECT_EQ(first, orders(1));
  EXPECT_NE(first, orders(2));
  std::set<std::string> seen;
  for (std::size_t i = 0; i + 3 <= first.size(); i += 3) seen.insert(first.substr(i, 3));
  EXPECT_EQ(seen.size(), 6u);
}

// The third launch crashes in its second round.
TEST(CompareRun, ACrashIsSaidAndNeverAveragedIn) {
  MadeUpTime time({.effect = 1.5}, 1);
  struct Crashing final : Crew {
    Crashing(MadeUpTime& t, bool crashes) : crew(t), left(crashes ? 4 : 1000) {}
    TimedBatch take(Seat seat) override {
      if (--left < 0) throw CrewFailed("./base crashed: Segmentation fault");
      return crew.take(seat);
    }
    MadeUpCrew crew;
    int left;
  };
  int launches = 0;
  const CaseComparison c = run_comparison([&] { return std::make_unique<Crashing>(time, ++launches == 3); }, {}, {},
                                          [&] { return *time.clock_s(); });
  EXPECT_EQ(c.failure, "launch 3: ./base crashed: Segmentation fault");
  EXPECT_EQ(c.result.verdict, Effect::ambiguous);
  EXPECT_EQ(c.launches.size(), 2u);
  EXPECT_TRUE((Comparison{.cases = {c}}.any_failure()));
}

TEST(CompareRun, SpendsTimeWhereTheVarianceIs) {
  const auto rounds = [](double launch_s, double within, double between) {
    return rounds_worth_their_time(launch_s, 0.5, within, between, 60, 0.99);
  };
  EXPECT_EQ(rounds(2, 1, 1), 5) << "processes differ: more of them";
  EXPECT_GT(rounds(4, 1, 0.01), 5) << "they do not: longer ones";
  EXPECT_GT(rounds(6, 1, 0.01), rounds(1, 1, 0.01)) << "the dearer a launch, the longer";
  EXPECT_EQ(rounds(50, 1, 0), 5) << "one launch is all there is time for";
}

}  // namespace
}  // namespace bitproof
