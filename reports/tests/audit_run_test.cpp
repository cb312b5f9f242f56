// Our own figures before the same rules.
#include <gmock/gmock.h>

#include "harness/tests/made_up_cells.hpp"
#include "reports/audit/run_claims.hpp"
#include "reports/file.hpp"
#include "support.hpp"

namespace bitproof::audit {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A small run of two layers, right in all of its figures: 10 and 20 GB/s from memory behind 1000 bytes of cache, and
// 100 and 200 products of bytes a nanosecond.
Json small_run() {
  return Json::parse(R"json({
    "failures": [],
    "model": {"layers": 2, "hidden": 64, "ffn": 128, "heads": 4, "kv_heads": 2, "head_dim": 16},
    "check": {"cases": 7, "passed": 4, "failed": 1, "mistrusted": 0, "fallback": 0, "skipped": 2},
    "ceilings": {
      "by_threads": [
        {"threads": 1, "state": "one state", "gb_per_s": {"median": 10.0, "ci_high": 10.0, "samples": [10.0]}},
        {"threads": 2, "state": "one state", "gb_per_s": {"median": 20.0, "ci_high": 20.0, "samples": [20.0]}}],
      "peaks": [
        {"what": "int8 multiply-add", "threads": 1, "state": "one state", "gop_per_s": {"median": 100.0, "samples": [100.0]}},
        {"what": "int8 multiply-add", "threads": 2, "state": "one state", "gop_per_s": {"median": 200.0, "samples": [200.0]}}],
      "caches": [{"level": 1, "bytes": 500, "instances": 2}]},
    "arms": [{
      "recipe": "none", "threads": 1, "state": "one state", "tokens": 3, "positions": 3,
      "variants": {"ternary_matmul": "ternary_matmul/scalar", "memory": "memory/malloc"},
      "tok_per_s": {"median": 100.0, "n": 3, "samples": [100.0, 80.0, 125.0]}, "bytes_per_token": 20000.0,
      "gb_per_s": 0.002, "ops_per_token": 160000.0, "wall_ns_per_token": 10000000.0, "timer_ns": 100000.0,
      "residual_ns": 900000.0, "page_faults_ns": 500000.0,
      "ops": [{"op": "ternary_matmul:q", "ns_per_token": 8000000.0}, {"op": "memory", "ns_per_token": 1000000.0}],
      "samples": [{"tokens": 1, "wall_ns": 10000000.0}, {"tokens": 1, "wall_ns": 12500000.0}, {"tokens": 1, "wall_ns": 8000000.0}]
    }, {
      "recipe": "simd", "threads": 2, "state": "one state", "tokens": 3, "positions": 3,
      "variants": {"ternary_matmul": "ternary_matmul/direct.avx2", "memory": "memory/malloc"},
      "tok_per_s": {"median": 250.0, "n": 3, "samples": [250.0, 200.0, 312.5]}, "bytes_per_token": 20000.0,
      "gb_per_s": 0.005, "ops_per_token": 160000.0, "wall_ns_per_token": 4000000.0, "timer_ns": 100.0,
      "residual_ns": 99900.0,
      "ops": [{"op": "ternary_matmul:q", "ns_per_token": 3500000.0}, {"op": "attention", "ns_per_token": 400000.0}],
      "samples": [{"tokens": 1, "wall_ns": 4000000.0}, {"tokens": 1, "wall_ns": 5000000.0}, {"tokens": 1, "wall_ns": 3200000.0}]
    }],
    "bench": [
      {"id": "ternary_matmul/a", "kind": "kernel", "case": "c", "median_ns": 800.0, "n": 5, "threads": 1,
       "gb_per_s": 5.0, "gop_per_s": 40.0, "state": "one state",
       "physics": {"least_ns": 400.0, "fraction": 0.5, "bound_by": "memory read"}},
      {"id": "ternary_matmul/a", "kind": "kernel", "case": "c", "median_ns": 500.0, "n": 5, "tok_per_s": 2000000.0,
       "threads": 2, "speedup": 1.6, "efficiency": 0.8, "gb_per_s": 8.0, "gop_per_s": 64.0, "state": "one state",
       "physics": {"least_ns": 200.0, "fraction": 0.4, "bound_by": "memory read"}},
      {"id": "ternary_matmul/b", "kind": "kernel", "case": "c", "median_ns": 1000.0, "n": 5, "threads": 1,
       "gb_per_s": 4.0, "gop_per_s": 32.0, "state": "one state"}],
    "attribution": {"techniques": [
      {"name": "simd", "alone": 2.5, "alone_detail": {"geometric_mean": 2.5, "median": 2.5, "n": 3}, "most": 5.0,
       "most_detail": {"share": 0.8}, "credited": 2.5, "expected": "4-8", "realization": [0.214285714285714, 0.5]},
      {"name": "memory_pool", "alone_detail": {"n": 3}, "most": 1.1764705882352942, "most_detail": {"share": 0.15},
       "credited": 1.1, "expected": "83.26 (claimed)", "realization": [0.00121565761, 0.00121565761]}]
}
})json");
}

TEST(AuditRun, WhatAddsUpPasses) { EXPECT_THAT(audit_run(small_run()), IsEmpty()); }

TEST(AuditRun, ARealRunPasses) { EXPECT_THAT(audit_run(shared_run()), IsEmpty()); }

TEST(AuditRun, TheExampleThatIsKeptPasses) {
  EXPECT_THAT(audit_run(Json::parse(read_file(std::string(BITPROOF_SOURCE_DIR) + "/reports/examples/run.json"))),
              IsEmpty());
}

using Figures = std::vector<std::pair<const char*, Json>>;

std::vector<std::string> faults_with(const Figures& figures) {
  Json run = small_run();
  for (const auto& [where, value] : figures) run[Json::json_pointer(where)] = value;
  return audit_run(run);
}

TEST(AuditRun, APlantedFaultIsFound) {
  const auto faults = [](const char* where, double value) { return faults_with({{where, value}}); };
  EXPECT_THAT(faults("/arms/1/tok_per_s/median", 500.0), Contains(HasSubstr("arms[1] (simd).gb_per_s")));
  EXPECT_THAT(faults("/arms/1/samples/0/wall_ns", 3000000.0), Contains(HasSubstr("arms[1] (simd).tok_per_s: WRONG")));
  EXPECT_THAT(faults("/attribution/techniques/0/alone", 2.6), Contains(HasSubstr("techniques[0] (simd).alone: WRONG")));
  EXPECT_THAT(faults("/arms/1/ops/0/ns_per_token", 1750000.0), Contains(HasSubstr("wall_ns_per_token: WRONG")));
  EXPECT_THAT(faults("/arms/1/ops_per_token", 80000.0), Contains(HasSubstr("a token of 2 layers")))
      << "one layer as a token";
  EXPECT_THAT(faults("/bench/1/efficiency", 1.6), Contains(HasSubstr("efficiency: WRONG")));
  EXPECT_THAT(faults("/bench/1/tok_per_s", 4000000.0), Contains(HasSubstr("tok_per_s: WRONG")));
  EXPECT_THAT(faults("/attribution/techniques/0/credited", 1.5), Contains(HasSubstr("realization: WRONG")));
  EXPECT_THAT(faults("/check/passed", 5), Contains(HasSubstr("check.cases: WRONG")));
}

// A token of 19000 bytes that no cache holds, on two threads that read 20 GB/s, with all other figures to match.
Figures token_rate(double tok_per_s) {
  return {{"/arms/1/tok_per_s/median", tok_per_s},
          {"/arms/1/gb_per_s", tok_per_s * 20000 * 1e-9},
          {"/arms/1/samples", Json::array({{{"tokens", 1}, {"wall_ns", 1e9 / tok_per_s}}})},
          {"/attribution/techniques", Json::array()}};
}

TEST(AuditRun, ATokenThatReadsFasterThanItsThreadsCanIsImpossible) {
  EXPECT_THAT(faults_with(token_rate(1.10e6)), IsEmpty()) << "20.9 GB/s, within the margin of the gate";
  EXPECT_THAT(faults_with(token_rate(1.12e6)),
              ElementsAre(AllOf(HasSubstr("arms[1] (simd)"), HasSubstr("IMPOSSIBLE"), HasSubstr("21 GB/s at best"))));
  Figures on_one = token_rate(1.10e6);
  on_one.emplace_back("/arms/1/threads", 1);
  EXPECT_THAT(faults_with(on_one), Contains(HasSubstr("10.5 GB/s at best on 1 thread"))) << "the ceiling is by threads";
  Figures cached = token_rate(1.12e6);
  cached.emplace_back("/ceilings/caches/0/bytes", 10000);
  EXPECT_THAT(faults_with(cached), IsEmpty()) << "the caches hold all of it";
  Figures recomputed = token_rate(1.12e6);
  recomputed.emplace_back("/arms/1/positions", 27);
  EXPECT_THAT(faults_with(recomputed), IsEmpty()) << "it reads again what it wrote";
  Figures elsewhere = token_rate(1.12e6);
  elsewhere.emplace_back("/arms/1/state", "B");
  EXPECT_THAT(faults_with(elsewhere), IsEmpty()) << "no ceiling of that state";
}

TEST(AuditRun, AKernelAboveTheCeilingsIsImpossible) {
  const auto kernel = [](double ns) {
    return faults_with(
        {{"/bench/2/median_ns", ns},
         {"/bench/2/gb_per_s", 4000 / ns},
         {"/bench/2/gop_per_s", 32000 / ns},
         {"/bench/2/physics", {{"least_ns", 400.0}, {"fraction", 400 / ns}, {"bound_by", "memory read"}}}});
  };
  EXPECT_THAT(kernel(385), IsEmpty());
  EXPECT_THAT(kernel(370), ElementsAre(AllOf(HasSubstr("IMPOSSIBLE"), HasSubstr("10.5 GB/s at best"))));
  EXPECT_THAT(kernel(200), Contains(HasSubstr("computes 125 GOPS at best on 1 core(s)")));
  EXPECT_THAT(faults_with({{"/bench/1/gb_per_s", 9.0}}), Contains(HasSubstr("CONTRADICTED"))) << "bytes by threads";
  EXPECT_THAT(faults_with({{"/bench/2/gop_per_s", 33.0}}), Contains(HasSubstr("CONTRADICTED"))) << "work by variant";
  EXPECT_THAT(faults_with({{"/bench/2/gb_per_s", 5.0}}), IsEmpty()) << "it may pack otherwise";
  EXPECT_THAT(faults_with({{"/bench/0/physics/fraction", 0.25}}), Contains(HasSubstr("physics.fraction: WRONG")));
}

TEST(AuditRun, ATokenThatComputesFasterThanItsCoresCanIsImpossible) {
  const auto ops = [](double a_token) { return faults_with({{"/arms/1/ops_per_token", a_token}}); };
  EXPECT_THAT(ops(0.99e9), IsEmpty()) << "247.5 GOPS";
  EXPECT_THAT(ops(1.01e9), Contains(HasSubstr("computes 250 GOPS at best on 2 core(s)")));
  EXPECT_THAT(
      faults_with({{"/arms/1/ops_per_token", 1.01e9}, {"/arms/1/variants/ternary_matmul", "ternary_matmul/tmac.avx2"}}),
      IsEmpty())
      << "look-ups are no products";
}

TEST(AuditRun, ACreditAboveAmdahlsBoundIsImpossible) {
  const auto pool = [](double share, double speedup) {
    return faults_with({{"/attribution/techniques/1/most_detail/share", share},
                        {"/attribution/techniques/1/most", 1 / (1 - share)},
                        {"/attribution/techniques/1/credited", speedup},
                        {"/attribution/techniques/1/realization", {(speedup - 1) / 82.26, (speedup - 1) / 82.26}}});
  };
  EXPECT_THAT(pool(0.15, 1.17), IsEmpty());
  EXPECT_THAT(pool(0.15, 1.3), ElementsAre(AllOf(HasSubstr("(memory_pool).credited: IMPOSSIBLE"), HasSubstr("0.15"))));
  EXPECT_THAT(pool(0.98799, 83.26), ElementsAre(AllOf(HasSubstr("IMPOSSIBLE"), HasSubstr("1.176x is the most"))))
      << "the share is made up; by the ledger a tenth is allocation, and a twentieth page faults";
  EXPECT_THAT(faults_with({{"/attribution/techniques/1/most", 83.26}}), Contains(HasSubstr("most: WRONG")));
}

TEST(AuditRun, ANumberWithoutSamplesIsUnsupported) {
  const auto unsupported = Contains(HasSubstr("UNSUPPORTED: called measured, and nothing measured it"));
  EXPECT_THAT(faults_with({{"/arms/1/tok_per_s/samples", Json::array()}}), unsupported);
  EXPECT_THAT(faults_with({{"/arms/1/tok_per_s", {{"median", 250.0}}}}), unsupported);
  EXPECT_THAT(faults_with({{"/bench/2/n", 0}}), unsupported);
  EXPECT_THAT(faults_with({{"/attribution/techniques/1/alone_detail/n", 0}}), unsupported);
}

TEST(AuditRun, AComparisonAcrossBaselinesIsFound) {
  EXPECT_THAT(faults_with({{"/bench/1/speedup", 2.0}, {"/bench/1/efficiency", 1.0}}),
              Contains(AllOf(HasSubstr("speedup: WRONG"), HasSubstr("bench0_time / bench1_time"))))
      << "over another variant";
  EXPECT_THAT(faults_with({{"/attribution/techniques/0/alone_detail/median", 5.0}}),
              ElementsAre(AllOf(HasSubstr("alone_detail.median: WRONG"), HasSubstr("2.5x"))))
      << "over another recipe";
  EXPECT_THAT(faults_with({{"/attribution/techniques/0/alone_detail/geometric_mean", 5.0}}),
              Contains(HasSubstr("alone_detail.geometric_mean: WRONG")));
  Json two = small_run();
  two["arms"].push_back(two["arms"][0]);
  two["arms"][2]["tok_per_s"]["median"] = 50.0;
  two["arms"][2]["gb_per_s"] = 0.001;
  EXPECT_THAT(audit_run(two), Contains(HasSubstr("for the same baseline"))) << "two rates of one baseline";
}

// As `attribute --json` prints it: none, all and each technique alone, all of whose tokens are products and allocation.
Json printed_by_attribute() {
  const Lattice lattice = technique_lattice();
  std::vector<Cell> cells;
  for (const std::size_t i : corner_cells(lattice.shape())) {
    const double rate = i == 0 ? 10 : 11;
    cells.push_back(made_up_cell(lattice, i, {rate, 1.02 * rate, 0.97 * rate}));
    for (CellSample& s : cells.back().samples) s.loop.ping_pong_ns = 100;
  }
  CeilingTable ceilings = made_up_ceilings();
  Json j = to_json(attribute(lattice, cells, ceilings), 8);
  j["ceilings"] = to_json(ceilings);
  j["cells"] = j["profiles"] = Json::array();
  for (const Cell& c : cells) j["cells"].push_back(cell_summary(c, ceilings));
  j["profiles"].push_back(profile_json(cells[0], std::nullopt));
  j["layers"] = 2;
  j["failures"] = Json::array();
  return j;
}

TEST(AuditRun, WhatAttributePrintsIsHeldTheSame) {
  const Json printed = printed_by_attribute();
  EXPECT_THAT(audit_run(printed), IsEmpty());
  const auto faults = [&](const Figures& figures) {
    Json j = printed;
    for (const auto& [where, value] : figures) j[Json::json_pointer(where)] = value;
    return audit_run(j);
  };
  EXPECT_THAT(faults({{"/techniques/1/alone_detail/median", 4.0}}),
              Contains(HasSubstr("(simd).alone_detail.median: WRONG")));
  EXPECT_THAT(faults({{"/techniques/0/credited", 83.26}}), Contains(HasSubstr("(memory_pool).credited: IMPOSSIBLE")));
  EXPECT_THAT(faults({{"/techniques/2/credited", 3.0}}), Contains(HasSubstr("2x is the most it can buy")))
      << "on two threads";
  EXPECT_THAT(faults({{"/cells/0/tok_per_s/samples", Json::array()}}), Contains(HasSubstr("UNSUPPORTED")));
  EXPECT_THAT(faults({{"/cells/0/bytes_per_token", 2e9}}), Contains(HasSubstr("IMPOSSIBLE"))) << "20 of 10 GB/s";
}

TEST(AuditRun, WhatIsMissingOrOddMakesNoClaim) {
  for (
      const char* text :
      {"null", "[]", "{}", R"({"arms": 7})", R"({"arms": [null, 3, {"ops": 1, "tok_per_s": []}]})",
       R"({"arms": 7, "bench": 3, "attribution": {"techniques": [{"name": "simd", "alone_detail": {"median": 2}}]}})",
       R"({"techniques": [null], "cells_total": 2, "cells": [3, {"recipe": "none"}], "profiles": [1]})",
       R"({"ceilings": {"by_threads": [7], "peaks": 3, "caches": [null]}, "bench": [{"id": 3, "median_ns": 1, "n": 1}]})",
       R"({"bench": [{"median_ns": 0}], "model": {"layers": -1}})",
       R"({"attribution": {"techniques": [{"expected": 3, "realization": [1, 2], "credited": 2}]}})"}) {
    EXPECT_THAT(audit_run(Json::parse(text)), IsEmpty()) << text;
  }
}

TEST(AuditRun, ADeclaredFaultIsNoSecret) {
  Json run = small_run();
  run["check"]["passed"] = 5;
  const auto faults = undeclared_faults(run);
  ASSERT_EQ(faults.size(), 1u);
  run["failures"] = faults;
  EXPECT_THAT(undeclared_faults(run), IsEmpty());
}

}  // namespace
}  // namespace bitproof::audit
