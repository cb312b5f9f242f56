#include "reports/selftest.hpp"

#include <gmock/gmock.h>

#include "error.hpp"
#include "reports/several_runs.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

zoo::SelftestResult made_up() {
  return {.outcomes = {{.name = "op/killed", .lie = "zeros | ones", .kill = {"oracle", "output 0 is 0"}},
                       {.name = "op/survivor", .lie = "cheats", .kill = {}, .alarms = {{"oracle", "noise"}}},
                       {.name = "op/elsewhere", .lie = "cheats", .kill = {}, .skipped = "this CPU lacks avx512f"}},
          .repeat = 3};
}

TEST(SelftestReport, CountsWhatCouldRunHere) {
  const Json j = to_json(made_up());
  EXPECT_EQ(j.at("planted"), 2);
  EXPECT_EQ(j.at("killed"), 1);
  EXPECT_EQ(j.at("survivors"), Json::array({"op/survivor"}));
  EXPECT_EQ(j.at("skipped").at(0).at("reason"), "this CPU lacks avx512f");
  EXPECT_EQ(j.at("clean_twins"), 2);
  EXPECT_EQ(j.at("clean_runs"), 6);
  EXPECT_EQ(j.at("false_alarms"), 1);
  EXPECT_EQ(j.at("alarms").at(0).at("name"), "op/survivor");
}

TEST(SelftestReport, ASurvivorIsKilledByNullAndSaysWhy) {
  const Json faults = to_json(made_up()).at("faults");
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].at("killed_by"), "oracle");
  EXPECT_TRUE(faults[1].at("killed_by").is_null());
  EXPECT_NE(faults[1].at("killed_by_why"), "");
}

TEST(SelftestReport, TheTableShowsKillsSurvivorsAndSkips) {
  const std::string table = markdown(made_up());
  EXPECT_THAT(table, HasSubstr("Killed 1 of 2; 1 false alarms in 6 runs of 2 clean twins."));
  EXPECT_THAT(table, HasSubstr("- False alarm of the clean twin of op/"));
  EXPECT_THAT(table, HasSubstr("| op/killed | zeros \\| ones | oracle |"));
  EXPECT_THAT(table, HasSubstr("| op/survivor | cheats | **nothing: it survived** |"));
  EXPECT_THAT(table, HasSubstr("| op/elsewhere | cheats | skipped: this CPU lacks avx512f |"));
}

TEST(SelftestReport, HasAPage) {
  const SavedRun file{"selftest.json", to_json(made_up()).dump()};
  const std::string page = report({&file, 1}, "html", false);
  EXPECT_THAT(page,
              HasSubstr("1 of 2 planted faults killed; 1 false alarms in 6 runs of 2 clean twins; 1 skipped here."));
  EXPECT_THAT(page, HasSubstr("zeros | ones"));
  EXPECT_THAT(page, HasSubstr("SURVIVED"));
  EXPECT_THAT(page, HasSubstr("oracle: noise"));
  EXPECT_THAT(page, HasSubstr("this CPU lacks avx512f"));
  EXPECT_THROW(report({&file, 1}, "csv", false), BadInput);
}

}  // namespace
}  // namespace bitproof
