// The framework itself: what survives, what is a false alarm, what crashes. The zoo's real inhabitants are the CTest
// tools.selftest.
#include "zoo/selftest.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <set>
#include <stdexcept>
#include <thread>

#include "error.hpp"

namespace bitproof::zoo {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

Kill nothing(std::uint64_t) { return {}; }
Kill wrong(std::uint64_t) { return {"oracle", "output 0 is 1"}; }

Outcome outcome_of(Subject planted, Subject clean = nothing, SelftestOptions options = {}) {
  const SelftestResult result = selftest({{"kind/fault", "lies", std::move(planted), std::move(clean)}}, options);
  return result.outcomes.at(0);
}

TEST(Selftest, AKilledFaultNamesItsCheck) {
  const SelftestResult result = selftest({{"a/b", "lies", wrong, nothing}}, {});
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.killed(), 1);
  EXPECT_EQ(result.outcomes[0].kill.check, "oracle");
  EXPECT_EQ(result.outcomes[0].kill.reason, "output 0 is 1");
}

TEST(Selftest, ASurvivorFails) {
  const SelftestResult result = selftest({{"a/b", "lies", wrong, nothing}, {"a/c", "lies", nothing, nothing}}, {});
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.planted(), 2);
  EXPECT_EQ(result.killed(), 1);
}

TEST(Selftest, AFalseAlarmFails) {
  const SelftestResult result = selftest({{"a/b", "lies", wrong, wrong}}, {});
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(result.false_alarms(), 1);
  EXPECT_THAT(result.outcomes[0].alarms.at(0).reason, HasSubstr("(seed 1)"));
}

TEST(Selftest, TwinsAreRepeatedWithOtherSeeds) {
  const auto third = [](std::uint64_t seed) { return seed == 3 ? Kill{"oracle", "rare"} : Kill{}; };
  EXPECT_TRUE(outcome_of(wrong, third, {.repeat = 2}).alarms.empty());
  EXPECT_THAT(outcome_of(wrong, third, {.repeat = 5}).alarms.at(0).reason, HasSubstr("(seed 3)"));
  EXPECT_THAT(outcome_of(wrong, third, {.repeat = 1, .first_seed = 3}).alarms.at(0).reason, HasSubstr("(seed 3)"));
  EXPECT_TRUE(outcome_of(wrong, third, {.repeat = 5, .first_seed = 4}).alarms.empty());
}

TEST(Selftest, WhatStopsARealRunStopsAFault) {
  EXPECT_EQ(outcome_of([](std::uint64_t) -> Kill {
              std::raise(SIGKILL);
              return {};
            }).kill.check,
            "crash");
  EXPECT_EQ(outcome_of([](std::uint64_t) -> Kill { _exit(0); }).kill.check, "crash");
  EXPECT_EQ(outcome_of([](std::uint64_t) -> Kill { throw std::runtime_error("no"); }).kill.check, "exception");
  const auto sleep = [](std::uint64_t) {
    std::this_thread::sleep_for(10min);
    return Kill{};
  };
  EXPECT_EQ(outcome_of(sleep, nothing, {.limit = 500ms}).kill.check, "hang");
}

TEST(Selftest, ACrashOfACleanTwinIsAFalseAlarm) {
  const auto crash = [](std::uint64_t) -> Kill { _exit(1); };
  EXPECT_EQ(outcome_of(wrong, crash).alarms.at(0).check, "crash");
}

TEST(Selftest, KeepsTheOrderOfFaultsAndLongReasons) {
  std::vector<Fault> faults;
  for (int i = 0; i < 20; ++i) {
    faults.push_back({"a/" + std::to_string(i), "lies",
                      [i](std::uint64_t) {
                        return Kill{"check", std::string(200'000, 'x') + std::to_string(i)};
                      },
                      nothing});
    faults.back().alone = i % 2;
  }
  const SelftestResult result = selftest(faults, {.width = 4});
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(result.outcomes[i].kill.reason.ends_with("x" + std::to_string(i)));
}

TEST(Selftest, WhatCannotRunHereIsNeitherKilledNorASurvivor) {
  Fault other{"a/b", "lies", nothing, wrong};
  other.skipped = "this CPU lacks avx1024";
  const SelftestResult alone = selftest({other}, {});
  EXPECT_EQ(alone.planted(), 0);
  EXPECT_FALSE(alone.ok()) << "nothing ran";
  EXPECT_TRUE(selftest({other, {"a/c", "lies", wrong, nothing}}, {}).ok());
}

TEST(Selftest, RefusesAFilterThatMatchesNothing) {
  try {
    selftest({{"a/bcd", "lies", wrong, nothing}}, {.filter = "a/bce"});
    FAIL();
  } catch (const BadInput& e) {
    EXPECT_THAT(e.what(), HasSubstr("did you mean a/bcd?"));
  }
}

TEST(Zoo, EveryInhabitantIsDescribed) {
  std::set<std::string> names;
  for (const Fault& f : all_faults()) {
    EXPECT_TRUE(names.insert(f.name).second) << f.name;
    EXPECT_FALSE(f.lie.empty()) << f.name;
    EXPECT_TRUE(f.planted && f.clean) << f.name;
  }
  EXPECT_GE(names.size(), 40u);
}

}  // namespace
}  // namespace bitproof::zoo
