#include "reports/saved_runs.hpp"

#include <gmock/gmock.h>

#include "error.hpp"
#include "reports/json.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

Json bench(const std::string& id, const std::vector<double>& ns, const std::string& state = "one state") {
  const double middle = ns.empty() ? 1 : ns[0];
  return {{"benchmark", "kernel"}, {"id", id},
          {"case", "rows=4"},      {"threads", 1},
          {"temperature", "cold"}, {"samples", ns},
          {"n", ns.size()},        {"median_ns", middle},
          {"ci_low_ns", middle},   {"state", state},
          {"ci_high_ns", middle},  {"gb_per_s", nullptr},
          {"skipped", false},      {"gop_per_s", nullptr}};
}

Json run_of(const std::vector<Json>& benches, const std::string& fingerprint = "0123456789abcdef") {
  return {{"schema", kSchema}, {"machine", {{"fingerprint", fingerprint}}}, {"bench", Json(benches)}};
}

const std::vector<double> kBase = {100, 101, 99, 100, 100.5}, kSlow = {120, 121, 119, 120, 120.5};

Comparison compared(const Json& a, const Json& b, bool force = false, const std::string& filter = "") {
  return compare_saved({"a.json", a.dump()}, {"b.json", b.dump()}, {}, filter, force);
}

std::string refused(const std::string& a, const std::string& b) {
  try {
    compare_saved({"a.json", a}, {"b.json", b}, {}, "", false);
  } catch (const BadInput& e) {
    return e.what();
  }
  return "not refused";
}

TEST(SavedRuns, FindASlowdown) {
  const Comparison c = compared(run_of({bench("x/y", kBase)}), run_of({bench("x/y", kSlow)}));
  ASSERT_EQ(c.cases.size(), 1u);
  EXPECT_EQ(c.cases[0].result.verdict, Effect::slower);
  EXPECT_NEAR(*c.cases[0].result.ratio, 1.2, 0.01);
  EXPECT_TRUE(c.any(Effect::slower));
  EXPECT_THAT(c.warning, HasSubstr("not taken side by side"));
  EXPECT_FALSE(c.aa_false_alarms()) << "there was no control";
  EXPECT_EQ(compared(run_of({bench("x/y", kBase)}), run_of({bench("x/y", kBase)})).cases[0].result.verdict,
            Effect::same);
}

TEST(SavedRuns, CorrectForAllCasesTheyHaveInCommon) {
  const Json a = run_of({bench("x/y", kBase), bench("x/z", kBase), bench("only/a", kBase)});
  const Json b = run_of({bench("x/y", kSlow), bench("x/z", kBase)});
  const Comparison c = compared(a, b);
  ASSERT_EQ(c.cases.size(), 2u);
  EXPECT_DOUBLE_EQ(c.cases[0].result.confidence, 1 - 0.01 / 2);
  EXPECT_THAT(c.warning, HasSubstr("1 cases are only in A and 0 only in B"));
  EXPECT_EQ(compared(a, b, false, "x/y").cases.size(), 1u);
}

TEST(SavedRuns, OfDifferentMachinesAreRefusedUnlessForcedAndThenLabelled) {
  const Json a = run_of({bench("x/y", kBase)}), b = run_of({bench("x/y", kSlow)}, "fedcba9876543210");
  EXPECT_THAT(refused(a.dump(), b.dump()), HasSubstr("different machines"));
  EXPECT_THAT(compared(a, b, true).warning, HasSubstr("DIFFERENT MACHINES"));
}

TEST(SavedRuns, AreNotComparedAcrossStates) {
  const Comparison labels = compared(run_of({bench("x/y", kBase, "A")}), run_of({bench("x/y", kSlow, "B")}));
  EXPECT_EQ(labels.cases[0].result.verdict, Effect::ambiguous);
  EXPECT_THAT(labels.cases[0].result.why, HasSubstr("no state of the machine in common"));
  EXPECT_DOUBLE_EQ(labels.cases[0].result.confidence, 0.99) << "what an interval would have been made at";

  // By readings, where there are some: five samples of each in either placement, A's slower in the second.
  const auto both = [](std::vector<double> near, const std::vector<double>& apart) {
    std::vector<double> ns = near;
    ns.insert(ns.end(), apart.begin(), apart.end());
    Json j = bench("x/y", ns, "A");
    for (std::size_t i = 0; i < ns.size(); ++i) {
      const auto reading = [&](std::size_t k) {  // no two alike
        return Json{{"ping_pong_ns", (i < near.size() ? 27.0 : 170.0) + 0.1 * static_cast<double>(k % 3)}};
      };
      j["sample_states"].push_back({{"before", reading(i)}, {"after", reading(i + 1)}, {"disturbed", false}});
    }
    return j;
  };
  const Comparison c = compared(run_of({both(kBase, kSlow)}), run_of({both(kBase, kSlow)}));
  ASSERT_EQ(c.cases[0].by_state.size(), 2u);
  EXPECT_EQ(c.cases[0].result.verdict, Effect::same);
  const Comparison slower = compared(run_of({both(kBase, kBase)}), run_of({both(kBase, kSlow)}));
  EXPECT_EQ(slower.cases[0].result.verdict, Effect::slower);
  EXPECT_EQ(slower.cases[0].by_state[0].result.verdict, Effect::same);
}

TEST(SavedRuns, LeaveDisturbedSamplesAside) {
  Json b = bench("x/y", {100, 101, 99, 100, 400, 500});
  const Json quiet = {{"before", Json::object()}, {"after", Json::object()}, {"disturbed", false}};
  for (int i = 0; i < 6; ++i) b["sample_states"].push_back(quiet);
  b["sample_states"][4]["disturbed"] = b["sample_states"][5]["disturbed"] = true;
  const Comparison c = compared(run_of({bench("x/y", kBase)}), run_of({b}));
  EXPECT_EQ(c.cases[0].set_aside.at("other work had the CPUs"), 2);
  EXPECT_EQ(c.cases[0].result.verdict, Effect::same);
}

TEST(SavedRuns, CompareRecipesByTheTimeOfAToken) {
  const auto run = [](double wall_ns) {
    Json j = run_of({});
    j["model"]["name"] = "tiny";
    Json samples = Json::array();
    for (int i = 0; i < 5; ++i) {
      samples.push_back({{"tokens", 2},
                         {"wall_ns", wall_ns + i},
                         {"cpu_ns", wall_ns},
                         {"ping_pong_ns", 27.0 + 0.1 * i},
                         {"disturbed", false}});
    }
    const double rate = 2e9 / wall_ns;
    j["arms"].push_back(
        {{"recipe", "best"},
         {"layers", 2},
         {"depth", 8},
         {"threads", 2},
         {"tok_per_s", {{"median", rate}, {"ci_low", rate}, {"ci_high", rate}, {"p5", rate}, {"p95", rate}, {"n", 5}}},
         {"gb_per_s", nullptr},
         {"ledger_ok", true},
         {"state", "A"},
         {"samples", samples}});
    return j;
  };
  const Comparison c = compared(run(2e6), run(3e6));
  EXPECT_EQ(c.cases.at(0).id, "loop/best/model=tiny,depth=8/threads:2");
  EXPECT_EQ(c.cases[0].result.verdict, Effect::slower);
  EXPECT_NEAR(*c.cases[0].median_a_ns, 1e6, 10);
}

TEST(SavedRuns, RefuseWhatIsNoRunNamingTheFile) {
  const std::string good = run_of({bench("x/y", kBase)}).dump();
  const auto with = [&](const std::vector<Json>& benches) { return run_of(benches).dump(); };
  Json old = run_of({bench("x/y", kBase)});
  old["schema"] = "bitproof-run/0";
  EXPECT_THAT(refused(good, good.substr(0, good.size() / 2)), HasSubstr("b.json: not JSON from byte"));
  EXPECT_THAT(refused(old.dump(), good), HasSubstr("a.json: not a run of schema"));
  EXPECT_THAT(refused("[]", good), HasSubstr("a.json: not a run of schema"));
  EXPECT_THAT(refused(good, with({bench("x/y", {100, -5})})),
              HasSubstr("is -5.0: every time and rate is a number above 0"));
  EXPECT_THAT(refused(good, with({bench("x/y", {})})), HasSubstr("a number and no samples"));
  Json nan = bench("x/y", kBase);
  nan["samples"][2] = nullptr;  // how JSON writes a NaN
  EXPECT_THAT(refused(good, with({nan})), HasSubstr("b.json: a sample of kernel/x/y/rows=4/threads:1/cold is null"));
  EXPECT_THAT(refused(good, with({bench("p/q", kBase)})), HasSubstr("no case in common"));
  EXPECT_THAT(refused(good, with({Json{{"id", 5}}})), HasSubstr("lacks what its schema promises"));
}

}  // namespace
}  // namespace bitproof
