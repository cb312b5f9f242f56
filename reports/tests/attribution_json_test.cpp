#include "reports/attribution_json.hpp"

#include <gmock/gmock.h>

#include <set>

#include "error.hpp"
#include "harness/tests/made_up_cells.hpp"
#include "reports/attribution_markdown.hpp"
#include "reports/lattice_file.hpp"
#include "reports/several_runs.hpp"
#include "reports/tests/support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Lattice two_factors() {
  Lattice lattice = technique_lattice();
  lattice.factors = {lattice.factors[0], lattice.factors[5]};
  return lattice;
}

std::vector<Cell> four_cells(const Lattice& lattice) {
  std::vector<Cell> cells;
  const double rates[] = {1, 1, 2, 3};
  for (std::size_t i = 0; i < 4; ++i)
    cells.push_back(made_up_cell(lattice, i, {rates[i], 1.01 * rates[i], 0.99 * rates[i]}, LoopOp::matmul_q, 3));
  return cells;
}

TEST(AttributionJson, HasTheKeysThatScriptsRead) {
  const Lattice lattice = two_factors();
  const Json j = to_json(attribute(lattice, four_cells(lattice)), 16);
  for (const char* key : {"techniques", "total_speedup", "cells_measured", "cells_total", "depth", "interactions"})
    EXPECT_TRUE(j.contains(key)) << key;
  for (const Json& t : j.at("techniques")) {
    for (const char* key : {"name", "alone", "without", "shapley", "ci_low", "ci_high", "predicted", "expected",
                            "realization", "engaged"}) {
      ASSERT_TRUE(t.contains(key)) << key;
      EXPECT_EQ(t.at(key).is_null(), t.contains(std::string(key) + "_why")) << key;
    }
  }
  const Json& cache = j.at("techniques").at(1);
  EXPECT_NEAR(cache.at("alone").get<double>(), 2, 1e-9);
  EXPECT_NEAR(cache.at("without").get<double>(), 3, 1e-9);
  EXPECT_NEAR(cache.at("shapley").get<double>(), std::sqrt(6), 1e-9);
  EXPECT_NEAR(j.at("total_speedup").get<double>(), 3, 1e-9);
  EXPECT_EQ(j.at("interactions").size(), 1u);
}

TEST(AttributionJson, OfPartOfTheLatticeHasNoShares) {
  const Lattice lattice = two_factors();
  std::vector<Cell> cells = four_cells(lattice);
  cells.erase(cells.begin() + 1);
  const Json j = to_json(attribute(lattice, cells), 16);
  for (const Json& t : j.at("techniques")) {
    EXPECT_TRUE(t.at("shapley").is_null());
    EXPECT_THAT(t.at("shapley_why").get<std::string>(), HasSubstr("needs every recipe"));
  }
  EXPECT_TRUE(j.at("interactions").is_null());
}

TEST(AttributionMarkdown, SaysNoEffectShown) {
  const Lattice lattice = two_factors();
  const std::string text = attribution_markdown(to_json(attribute(lattice, four_cells(lattice)), 16));
  EXPECT_THAT(text, AllOf(HasSubstr("| memory_pool | "), HasSubstr("no effect shown"), HasSubstr("All over none: 3x")))
      << text;
}

// As `attribute --json` puts it together, of four recipes and no machine.
Json printed_by_attribute() {
  const Lattice lattice = two_factors();
  std::vector<Cell> cells = four_cells(lattice);
  for (Cell& cell : cells)
    cell.spec.label = "default on " + std::to_string(*cell.index + 1) + (*cell.index ? " threads" : " thread");
  for (std::size_t i = 0; i < 4; ++i) cells[i].spec.threads = static_cast<int>(i) + 1;
  Json j = to_json(attribute(lattice, cells), 16);
  const int threads[] = {8};
  j.update({{"model", "a | b"},
            {"layers", 1},
            {"seed", 1},
            {"machine", "0123456789abcdef"},
            {"build", "fedcba9876543210"},
            {"seconds", 3.5},
            {"partial", false},
            {"failures", Json::array()},
            {"depth_axis", nullptr},
            {"depth_axis_why", "one depth was measured"},
            {"profiles", {profile_json(cells[0], 1000.0), profile_json(cells[1], std::nullopt)}},
            {"scaling", scaling_json(scaling(cells, 2), scale_model(cells[0], 10, threads), "")},
            {"cells", Json::array()}});
  for (const Cell& cell : cells) j["cells"].push_back(cell_summary(cell, {}));
  j["cells"][0]["memory"] = memory_json({.pool_high_water_bytes = 5e6, .weight_bytes = 1.5e9});
  return j;
}

std::string reported(const Json& printed, const std::string& format) {
  const SavedRun file{"printed.json", printed.dump()};
  return report({&file, 1}, format, false);
}

TEST(AttributionMarkdown, ShowsWhatStandsBesideIt) {
  const Json j = printed_by_attribute();
  const std::string text = attribution_report(j);
  EXPECT_EQ(reported(j, "md"), text);
  EXPECT_THAT(text, Not(HasSubstr("Partial")));
  EXPECT_THAT(text,
              AllOf(HasSubstr("model a \\| b, 1 layers, depth 16"), HasSubstr("| residual | 0.00 % |"),
                    HasSubstr("threads started and waited for | 0.00 % | not measured |"),
                    HasSubstr("| 3 | 2 | 2.00x | 0.67 | 0.25 | measured, oversubscribed |"), HasSubstr("**modelled**"),
                    HasSubstr("| default on 1 thread | 1500.0 | 0.0 | 0.00 | 5.00 | 0 |")));
}

Json by_depth() {
  return {{"points",
           {{{"depth", 4},
             {"with_simd", 3.0},
             {"with_simd_detail", {{"ci_low", 2.9}, {"ci_high", 3.1}}},
             {"scalar", 4.0},
             {"scalar_modelled", nullptr}},
            {{"depth", 1024}, {"with_simd", 70.0}, {"scalar", nullptr}, {"scalar_modelled", 900.0}}}},
          {"fitted_on_depths", {4, 16}},
          {"held_out_depth", 8},
          {"held_out_error", -0.021}};
}

TEST(AttributionPage, HasWhatTheLatticeMeasured) {
  Json j = printed_by_attribute();
  const std::string page = reported(j, "html");
  for (const char* what :
       {"bitproof attribute: model a | b", "What you can believe", "all six techniques over none", "4 of 4",
        "id=\"waterfall\"", "id=\"interactions\"", "id=\"profile\"", "id=\"threads-figure\"", "more threads than cores",
        "bound by", "No curve by depth: one depth was measured", "1,500", "id=\"limits\"", "No prediction"}) {
    EXPECT_THAT(page, HasSubstr(what)) << what;
  }
  EXPECT_LT(page.find("What you cannot"), page.find("<section "));
  EXPECT_EQ(Json::parse(reported(j, "json")), j);
  EXPECT_THROW(reported(j, "gbench"), BadInput);
  j["techniques"][0]["predicted"] = 2.0;
  j["techniques"][0]["predicted_at_ledger"] = 1.9;
  j["depth_axis"] = by_depth();
  const std::string more = reported(j, "html");
  EXPECT_THAT(more, AllOf(HasSubstr("Predicted and measured"), HasSubstr("id=\"depths\""),
                          HasSubstr("off by -2.1 % at depth 8")));
  j.erase("cells_measured");
  EXPECT_THROW(reported(j, "md"), BadInput);
}

TEST(AttributionPage, OfAFailedLatticeHasNothingToBelieve) {
  Json j = printed_by_attribute();
  j["failures"] = {"all: IMPOSSIBLE <b>"};
  j["cells"][3]["faults"] = {"the ledger is not the model's"};
  const std::string page = reported(j, "html");
  EXPECT_THAT(page, AllOf(HasSubstr("1 failure(s)"), HasSubstr("Nothing, while something in it failed"),
                          HasSubstr("IMPOSSIBLE &lt;b&gt;"), HasSubstr("BROKEN: the ledger is not the model&#39;s")));
  EXPECT_THAT(attribution_report(j), HasSubstr("- all: IMPOSSIBLE \\<b\\>"));
}

// Of the zoo, as `selftest --json` prints it.
Json printed_by_selftest(int killed) {
  return {{"machine", shared_run().at("machine").at("fingerprint")},
          {"planted", 2},
          {"killed", killed},
          {"false_alarms", 0},
          {"clean_runs", 2},
          {"clean_twins", 2},
          {"skipped", Json::array()},
          {"alarms", Json::array()},
          {"faults",
           {{{"name", "ternary_matmul/zeros"}, {"lie", "writes nothing"}, {"killed_by", "poison"}, {"reason", "left"}},
            {{"name", "loop/<b>"}, {"lie", "skips"}, {"killed_by", killed == 2 ? Json("ledger") : Json()}}}}};
}

std::string full_report(const std::vector<Json>& printed) {
  std::vector<SavedRun> files;
  for (const Json& j : printed) files.push_back({fmt::format("{}.json", files.size()), j.dump()});
  return report(files, "html", false);
}

TEST(FullReport, HoldsTheRunAndWhatOtherCommandsPrintedOfTheSameMachine) {
  Json run = shared_run(), lattice = printed_by_attribute();
  run["failures"] = Json::array();
  lattice["model"] = run.at("model").at("name");
  lattice["machine"] = run.at("machine").at("fingerprint");
  const Json depths{{"model", lattice["model"]}, {"machine", lattice["machine"]}, {"seed", 1},
                    {"depth_axis", by_depth()},  {"failures", Json::array()},     {"partial", false}};
  const std::string page = full_report({run, depths, printed_by_selftest(2), lattice});
  std::set<std::string> ids;
  const std::string open = " id=\"";
  for (std::size_t at = 0; (at = page.find(open, at)) != std::string::npos; at += open.size()) {
    const std::string id = page.substr(at + open.size(), page.find('"', at + open.size()) - at - open.size());
    EXPECT_TRUE(ids.insert(id).second) << id << " twice";
  }
  for (const char* id : {"waterfall", "interactions", "tokens", "lattice-tokens", "depths", "faults", "threads-figure",
                         "memory-figure", "lattice-memory", "checks", "limits"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
  EXPECT_THAT(page, AllOf(HasSubstr("a lattice of 4 recipes, 4 measured, at depth 16"),
                          HasSubstr("2 of 2 planted faults killed"), HasSubstr("No check, ledger, witness")));
  EXPECT_THAT(page, Not(HasSubstr("only corners of the lattice")));
  EXPECT_THAT(page, Not(HasSubstr("<th scope=\"col\" class=\"number\">"))) << "numbers without a source";

  // Whatever fails in one of them fails the page.
  EXPECT_THAT(full_report({run, printed_by_selftest(1)}),
              AllOf(HasSubstr("1 failure(s)"), HasSubstr("selftest: 1 of 2 planted faults killed")));
  lattice["failures"] = {"all: IMPOSSIBLE"};
  EXPECT_THAT(full_report({lattice, run}), HasSubstr("FAILED: attribute: all: IMPOSSIBLE"));
}

TEST(FullReport, RefusesWhatDoesNotBelongTogether) {
  const Json run = shared_run();
  Json lattice = printed_by_attribute();
  const auto refusal = [](const std::vector<Json>& files) -> std::string {
    try {
      full_report(files);
    } catch (const BadInput& e) {
      return e.what();
    }
    return "none";
  };
  EXPECT_THAT(refusal({run, lattice}), HasSubstr("one page holds one machine"));
  lattice["machine"] = run.at("machine").at("fingerprint");
  EXPECT_THAT(refusal({run, lattice}), HasSubstr("one page holds one model"));
  lattice["model"] = run.at("model").at("name");
  EXPECT_EQ(refusal({run, lattice}), "none");
  EXPECT_THAT(refusal({run, lattice, lattice}), HasSubstr("2.json: one page holds one file of this kind"));
  EXPECT_THAT(refusal({run, lattice, run}), HasSubstr("one run.json: 2 given"));
  EXPECT_THAT(refusal({run, run, lattice}), HasSubstr("one run.json: 2 given"));
  EXPECT_THAT(refusal({lattice, printed_by_selftest(2)}), HasSubstr("one run.json: 0 given"));
  EXPECT_THAT(refusal({run, {{"faults", Json::array()}, {"planted", 1}}}),
              HasSubstr("1.json: not what `bitproof selftest"));
  Json of_another = printed_by_selftest(2);
  of_another["machine"] = "0123456789abcdef";
  EXPECT_THAT(refusal({run, of_another}), HasSubstr("'selftest' was printed for 0123456789abcdef"));
  Json nameless = lattice;
  nameless.erase("machine");
  EXPECT_THAT(refusal({run, nameless}), HasSubstr("one page holds one machine"));
  EXPECT_THAT(refusal({run, {{"claims", Json::array()}}}), HasSubstr("1.json: it makes a report alone"));
}

TEST(AttributionPage, OfDepthsAloneHasTheCurve) {
  const Json j{
      {"model", "tiny"}, {"seed", 1}, {"depth_axis", by_depth()}, {"failures", Json::array()}, {"partial", false}};
  EXPECT_THAT(reported(j, "html"),
              AllOf(HasSubstr("id=\"depths\""), HasSubstr("3 [2.9, 3.1]"), HasSubstr("scalar, modelled")));
  EXPECT_THAT(reported(j, "md"),
              AllOf(HasSubstr("| 4 | 3x [2.9, 3.1] | 4x |"), HasSubstr("| 1024 | 70x | 900x **modelled** |")));
}

TEST(ProfileJson, NamesTheResidual) {
  const Lattice lattice = two_factors();
  Cell cell = made_up_cell(lattice, 0, {10, 10});
  cell.ledger[LoopOp::matmul_q].ns = 2 * 90e6;
  Json j = profile_json(cell, std::nullopt);
  EXPECT_NEAR(j.at("residual_share").get<double>(), 0.1, 1e-9);
  EXPECT_EQ(j.at("residual_ok"), false);
  cell.ledger[LoopOp::matmul_q].ns = 2 * 99e6;
  j = profile_json(cell, std::nullopt);
  EXPECT_EQ(j.at("residual_ok"), true);
  EXPECT_EQ(j.at("threading_ns"), 0.0) << "one thread waits for nobody";
}

LatticePlan plan() {
  return {.lattice = two_factors(), .cells = {0, 1, 2, 3}, .model = "tiny", .depth = 3, .beside = false};
}

std::string refusal_of(const std::string& text, const LatticePlan& wanted) {
  try {
    parse_lattice_file(text, "cells.json", wanted);
  } catch (const BadInput& e) {
    return e.what();
  }
  return "";
}

TEST(LatticeFile, ComesBackAsItWas) {
  const Lattice lattice = two_factors();
  for (Cell cell : four_cells(lattice)) {
    cell.samples[0].loop.ping_pong_ns = 27.5;
    cell.samples[1].loop.allocations.reset();
    cell.fingerprints = {1, ~std::uint64_t{0}};
    cell.evidence.faults = {"x: \"quoted\""};
    const Json j = to_json(cell);
    EXPECT_EQ(to_json(cell_from(Json::parse(j.dump()))), j);
  }
}

TEST(LatticeFile, OfAnotherBuildMachineOrPlanIsRefused) {
  const LatticeRun run(plan(), 2);
  const std::string text = lattice_text(run);
  EXPECT_EQ(parse_lattice_file(text, "cells.json", plan()).cells.size(), 4u);
  for (const char* key : {"build", "machine"}) {
    Json other = Json::parse(text);
    other["identity"][key] = "0123456789abcdef";
    EXPECT_THAT(refusal_of(other.dump(), plan()),
                AllOf(HasSubstr("cells.json"), HasSubstr(std::string("another ") + key)));
  }
  LatticePlan deeper = plan();
  deeper.depth = 4;
  EXPECT_THAT(refusal_of(text, deeper), HasSubstr("another depth"));
  EXPECT_THAT(refusal_of(text.substr(0, text.size() / 2), plan()), HasSubstr("cells.json"));
  EXPECT_THAT(refusal_of("[]", plan()), HasSubstr("cells.json"));
}

TEST(LatticeFile, ASampleThatCannotBeIsRefused) {
  LatticeRun run(plan(), 2);
  run.resume(four_cells(two_factors()), 1);
  Json j = Json::parse(lattice_text(run));
  EXPECT_EQ(refusal_of(j.dump(), plan()), "");
  j["cells"][0]["samples"][0]["wall_ns"] = 0;
  EXPECT_THAT(refusal_of(j.dump(), plan()), HasSubstr("without tokens, time or round"));
}

}  // namespace
}  // namespace bitproof
