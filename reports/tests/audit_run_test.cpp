// Our own figures before the same rules.
#include <gmock/gmock.h>

#include "reports/audit/run_claims.hpp"
#include "support.hpp"

namespace bitproof::audit {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// A small run of two layers, right in all of its figures.
Json small_run() {
  return Json::parse(R"({
    "failures": [],
    "model": {"layers": 2, "hidden": 64, "ffn": 128, "heads": 4, "kv_heads": 2, "head_dim": 16},
    "check": {"cases": 7, "passed": 4, "failed": 1, "mistrusted": 0, "fallback": 0, "skipped": 2},
    "arms": [{
      "recipe": "all", "threads": 2, "tok_per_s": {"median": 250.0}, "bytes_per_token": 20000.0, "gb_per_s": 0.005,
      "ops_per_token": 160000.0, "wall_ns_per_token": 4000000.0, "timer_ns": 100.0, "residual_ns": 99900.0,
      "ops": [{"op": "matmul", "ns_per_token": 3500000.0}, {"op": "attention", "ns_per_token": 400000.0}]
    }],
    "bench": [{"id": "a", "median_ns": 500.0, "tok_per_s": 2000000.0, "threads": 2, "speedup": 1.6, "efficiency": 0.8}],
    "attribution": {"techniques": [{"name": "simd", "credited": 7.0, "expected": "4-8", "realization": [0.857142857142857, 2.0]}]}
  })");
}

TEST(AuditRun, WhatAddsUpPasses) { EXPECT_THAT(audit_run(small_run()), IsEmpty()); }

TEST(AuditRun, ARealRunPasses) { EXPECT_THAT(audit_run(shared_run()), IsEmpty()); }

TEST(AuditRun, APlantedFaultIsFound) {
  const auto faults = [](const char* where, double value) {
    Json run = small_run();
    run[Json::json_pointer(where)] = value;
    return audit_run(run);
  };
  EXPECT_THAT(faults("/arms/0/tok_per_s/median", 500.0), Contains(HasSubstr("arms[0] (all).gb_per_s")));
  EXPECT_THAT(faults("/arms/0/ops/0/ns_per_token", 1750000.0), Contains(HasSubstr("wall_ns_per_token: WRONG")));
  EXPECT_THAT(faults("/arms/0/ops_per_token", 80000.0), Contains(HasSubstr("a token of 2 layers")))
      << "one layer as a token";
  EXPECT_THAT(faults("/bench/0/efficiency", 1.6), Contains(HasSubstr("efficiency: WRONG")));
  EXPECT_THAT(faults("/bench/0/tok_per_s", 4000000.0), Contains(HasSubstr("tok_per_s: WRONG")));
  EXPECT_THAT(faults("/attribution/techniques/0/credited", 3.0), Contains(HasSubstr("realization: WRONG")));
  EXPECT_THAT(faults("/check/passed", 5), Contains(HasSubstr("check.cases: WRONG")));
}

TEST(AuditRun, WhatIsMissingOrOddMakesNoClaim) {
  for (const char* text :
       {"null", "[]", "{}", R"({"arms": 7})", R"({"arms": [null, 3, {"ops": 1, "tok_per_s": []}]})",
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
