#include "reports/comparison_json.hpp"

#include <gmock/gmock.h>

namespace bitproof {
namespace {

TimedBatch batch(double ns) {
  TimedBatch b{{ns, ns + 1, ns + 2}, {}};
  b.state.before = {27.5, 3.5, ""};
  b.state.after = {std::nullopt, 3.4, "CPU 1 was busy"};
  b.state.load = {0.25, 0.99, 0.01, std::nullopt, "no steal here", 3, 1234};
  b.state.counters.value[1] = 5e6;
  for (int i : {0, 2, 3}) b.state.counters.why[i] = "no such counter";
  return b;
}

// Whatever is null says why, at every depth.
void expect_reasons(const Json& j, const std::string& path = "") {
  if (j.is_object()) {
    for (const auto& [key, value] : j.items()) {
      EXPECT_TRUE(!value.is_null() || !j.value(key + "_why", "").empty()) << path << "/" << key;
      expect_reasons(value, path + "/" + key);
    }
  } else if (j.is_array()) {
    for (const Json& value : j) expect_reasons(value, path + "[]");
  }
}

TEST(ComparisonJson, ABatchComesBackAsItWas) {
  const Json j = Json::parse(to_json(batch(100)).dump());
  expect_reasons(j);
  const TimedBatch back = batch_from_json(j);
  EXPECT_EQ(to_json(back), j);
  EXPECT_EQ(back.ns, batch(100).ns);
  EXPECT_EQ(back.state.before.ping_pong_ns, 27.5);
  EXPECT_EQ(back.state.after.ping_pong_ns, std::nullopt);
  EXPECT_EQ(back.state.after.why, "CPU 1 was busy");
  EXPECT_EQ(back.state.load.involuntary_switches, 3);
  EXPECT_EQ(back.state.counters.value[1], 5e6);
}

TEST(ComparisonJson, WhatIsNoBatchIsRefused) {
  for (const char* key : {"ns", "state"}) {
    Json j = to_json(batch(100));
    j.erase(key);
    EXPECT_THROW(batch_from_json(j), Json::exception) << key;
  }
  Json text = to_json(batch(100));
  text["ns"][0] = "fast";
  EXPECT_THROW(batch_from_json(text), Json::exception);
  Json none = to_json(batch(100));
  none["ns"] = Json::array();
  EXPECT_THROW(batch_from_json(none), Json::exception);
}

TEST(ComparisonJson, HasTheKeysThatScriptsRelyOn) {
  std::vector<Launch> launches;
  for (int l = 0; l < 4; ++l) {
    Round round;
    for (TimedBatch& b : round.arm) b = batch(100);
    for (TimedBatch& b : round.arm) b.state.after = b.state.before;
    for (double& ns : round[Seat::b].ns) ns *= 1.1 + 0.001 * l;
    launches.push_back({round});
  }
  CaseComparison one = judge_launches(launches, {});
  one.id = "x/y";
  const Json j = to_json(Comparison{.cases = {one, judge_launches({}, {}), judge_launches({launches[0]}, {})}});
  expect_reasons(j);
  EXPECT_EQ(j["aa_false_alarms"], 0);
  EXPECT_EQ(j["state"], "mixed");
  const Json& c = j["cases"][0];
  EXPECT_EQ(c["id"], "x/y");
  EXPECT_EQ(c["verdict"], "SLOWER");
  EXPECT_LT(c["ci_low"], c["ratio"]);
  EXPECT_GT(c["ci_high"], c["ratio"]);
  EXPECT_EQ(c["by_launch"].size(), 4u);
  EXPECT_EQ(c["samples"].size(), 4u * kSeats);
  EXPECT_EQ(c["control"]["verdict"], "SAME");
  EXPECT_TRUE(j["cases"][1]["ratio"].is_null());
  EXPECT_TRUE(j["cases"][2]["ci_high"].is_null()) << "one launch bounds nothing";
}

}  // namespace
}  // namespace bitproof
