#include "reports/json.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using Texts = std::vector<std::string>;

// Paths of nulls that say not why.
void find_bare_nulls(const Json& j, const std::string& path, Texts& found) {
  if (j.is_object()) {
    for (const auto& [key, value] : j.items()) {
      const auto why = j.find(key + "_why");
      const bool said = why != j.end() && why->is_string() && !why->get<std::string>().empty();
      if (value.is_null() && !said) found.push_back(path + "/" + key);
      find_bare_nulls(value, path + "/" + key, found);
    }
  } else if (j.is_array()) {
    for (std::size_t i = 0; i < j.size(); ++i) {
      if (j[i].is_null()) found.push_back(path + "/" + std::to_string(i));
      find_bare_nulls(j[i], path + "/" + std::to_string(i), found);
    }
  }
}

Texts bare_nulls(const Json& j) {
  Texts found;
  find_bare_nulls(j, "", found);
  return found;
}

Texts missing(const Json& j, const Texts& keys) {
  Texts absent;
  for (const std::string& key : keys) {
    if (!j.contains(Json::json_pointer("/" + key))) absent.push_back(key);
  }
  return absent;
}

TEST(Put, IsAValueOrANullWithAReason) {
  Json j;
  put(j, "a", 1.5, "unused");
  put(j, "b", std::nullopt, "no counter");
  EXPECT_EQ(j.dump(), R"({"a":1.5,"b":null,"b_why":"no counter"})");
}

TEST(RunJson, EveryNullSaysWhy) {
  EXPECT_THAT(bare_nulls(shared_run()), IsEmpty());
  EXPECT_THAT(bare_nulls(begun_run()), IsEmpty());
  // The finder is not blind.
  EXPECT_THAT(bare_nulls({{"a", {{"b", nullptr}}}}), testing::ElementsAre("/a/b"));
}

TEST(RunJson, SurvivesBeingWrittenAndRead) { EXPECT_EQ(Json::parse(shared_run().dump(1)), shared_run()); }

TEST(RunJson, EveryPartSaysWhereItsNumbersComeFrom) {
  EXPECT_THAT(
      missing(shared_run(), {"machine/provenance", "check/provenance", "bench/0/provenance", "arms/0/provenance",
                             "arms/0/tok_per_s/provenance", "attribution/provenance", "logits/provenance"}),
      IsEmpty());
}

// What scripts read of `bitproof loop --json`; the command adds the process's peak memory.
TEST(ArmJson, HasTheKeysOfTheInterface) {
  for (const Json& arm : shared_run()["arms"]) {
    EXPECT_THAT(missing(arm, {"tok_per_s/median", "tok_per_s/ci_low", "tok_per_s/ci_high", "layers", "tokens",
                              "bytes_per_token", "gb_per_s", "ceiling_gb_per_s", "fraction_of_ceiling", "state",
                              "ops/0/op", "ops/0/ns_per_token", "residual_ns", "ledger_ok", "logits_hash"}),
                IsEmpty());
    for (int t = 0; t < kTechniqueCount; ++t) {
      const std::string witness = std::string("witnesses/") + name(static_cast<Technique>(t));
      EXPECT_THAT(missing(arm, {witness + "/engaged", witness + "/evidence"}), IsEmpty());
    }
    EXPECT_EQ(arm["layers"], 3);
    EXPECT_EQ(arm["tok_per_s"]["samples"].size(), 2u);
  }
}

TEST(ArmJson, WithoutASampleSaysWhy) {
  const Workbench bench({.model = "tiny"}, {arm_of(kNoTechniques, 1)}, shared_clearance());
  const Json j = to_json(*bench.arms()[0], made_up_ceilings(), 0);
  EXPECT_TRUE(j["tok_per_s"].is_null());
  EXPECT_THAT(bare_nulls(j), IsEmpty());
}

const Texts kBenchKeys = {"id",      "case",     "median_ns", "ci_low_ns", "ci_high_ns",
                          "samples", "gb_per_s", "gop_per_s", "state",     "fraction_of_ceiling"};

TEST(BenchJson, HasTheKeysOfTheInterfaceWithOrWithoutANumber) {
  const CeilingTable ceilings = made_up_ceilings();
  for (const BenchResult& r : {made_up_result(1, 100, 500), made_up_result(1, 100, 0), made_up_result(2, 50, 500),
                               without_number("ran out of memory", false), without_number("skipped: no AVX9", true)}) {
    const Json j = to_json(r, ceilings);
    EXPECT_THAT(missing(j, kBenchKeys), IsEmpty());
    EXPECT_THAT(bare_nulls(j), IsEmpty());
  }
}

TEST(BenchJson, DerivesRatesFromTheMedian) {
  const Json j = to_json(made_up_result(1, 100, 500), made_up_ceilings());
  EXPECT_DOUBLE_EQ(j["gb_per_s"].get<double>(), 5);
  EXPECT_DOUBLE_EQ(j["gop_per_s"].get<double>(), 10);
  EXPECT_DOUBLE_EQ(j["fraction_of_ceiling"].get<double>(), 0.5);
  EXPECT_TRUE(to_json(made_up_result(2, 100, 500), made_up_ceilings())["fraction_of_ceiling"].is_null())
      << "no ceiling was measured on two threads";
}

TEST(BenchJson, ComparesThreadsWithOneThreadOfTheSameCase) {
  const std::vector<BenchResult> results = {made_up_result(1, 100, 500), made_up_result(2, 80, 500)};
  const Json list = to_json(results, made_up_ceilings());
  EXPECT_FALSE(list[0].contains("speedup"));
  EXPECT_DOUBLE_EQ(list[1]["speedup"].get<double>(), 1.25);
  EXPECT_DOUBLE_EQ(list[1]["efficiency"].get<double>(), 0.625);
}

TEST(BenchFaults, AreFailuresAndRatesAboveTheCeilingAndNotSkips) {
  const auto of = [](const BenchResult& r) { return faults(std::vector{r}, made_up_ceilings()); };
  EXPECT_THAT(of(made_up_result(1, 100, 500)), IsEmpty());
  EXPECT_THAT(of(made_up_result(1, 100, 1040)), IsEmpty()) << "inside the ceiling's own spread";
  EXPECT_THAT(of(made_up_result(1, 100, 2000)), Contains(HasSubstr("IMPOSSIBLE: 200 %")));
  EXPECT_THAT(of(without_number("ran out of memory", false)), Contains(HasSubstr("ran out of memory")));
  EXPECT_THAT(of(without_number("skipped: no AVX9", true)), IsEmpty());
}

TEST(BenchJson, SaysWhatPhysicsMakesOfIt) {
  const auto of = [](const BenchResult& r) { return to_json(r, made_up_ceilings())["physics"]; };
  const Json possible = of(made_up_result(1, 100, 500));
  EXPECT_EQ(possible["verdict"], "possible");
  EXPECT_EQ(possible["bound_by"], "memory read");
  EXPECT_NEAR(possible["least_ns"].get<double>(), 50, 1e-3);
  EXPECT_NEAR(possible["fraction"].get<double>(), 0.5, 1e-5);
  EXPECT_EQ(of(made_up_result(1, 10, 500))["verdict"], "IMPOSSIBLE");
  EXPECT_EQ(of(made_up_result(2, 100, 500))["verdict"], "not judged");
  EXPECT_THAT(of(made_up_result(2, 100, 500))["why"].get<std::string>(), HasSubstr("2 thread(s)"));
  EXPECT_EQ(of(made_up_result(1, 100, 0))["verdict"], "nothing to judge");
  for (const BenchResult& r :
       {made_up_result(1, 100, 0), made_up_result(2, 100, 500), without_number("no memory", false)}) {
    EXPECT_THAT(bare_nulls(of(r)), IsEmpty());
  }
}

TEST(ArmJson, SaysWhatPhysicsMakesOfTheTokenAndOfEachOp) {
  for (const Json& arm : shared_run()["arms"]) {
    EXPECT_THAT(missing(arm, {"physics/token/verdict", "physics/ternary_matmul:q/verdict", "physics/lm_head/least_ns"}),
                IsEmpty());
  }
}

TEST(AttributionJson, HasTheKeysOfTheInterface) {
  const Json& a = shared_run()["attribution"];
  EXPECT_THAT(missing(a, {"total_speedup", "cells_measured", "cells_total", "depth", "interactions"}), IsEmpty());
  ASSERT_EQ(a["techniques"].size(), static_cast<std::size_t>(kTechniqueCount));
  for (const Json& t : a["techniques"]) {
    EXPECT_THAT(missing(t, {"name", "alone", "without", "shapley", "ci_low", "ci_high", "predicted", "expected",
                            "realization", "engaged"}),
                IsEmpty());
    const bool measured = t["name"] == "kv_cache";
    EXPECT_EQ(t["alone"].is_number(), measured) << t["name"];
    // A busy machine may make two rounds of a tiny model agree on what cannot be.
    const bool possible = measured && t["most_detail"]["verdict"] != "IMPOSSIBLE";
    EXPECT_EQ(t["realization"].is_array(), possible) << t["name"];
  }
  EXPECT_EQ(a["cells_measured"], 2);
  EXPECT_EQ(a["cells_total"], 64);
  EXPECT_TRUE(a["total_speedup"].is_null());
}

TEST(AttributionJson, OneRoundHasNoInterval) {
  const double one[] = {2.0}, other[] = {1.0};
  const Json j = to_json(ratio_estimate(one, other));
  EXPECT_EQ(j["geometric_mean"], 2.0);
  EXPECT_TRUE(j["ci_low"].is_null() && j["ci_high"].is_null());
  EXPECT_THAT(bare_nulls(j), IsEmpty());
}

TEST(CheckJson, CountsNamesAndReplays) {
  const Json& c = shared_run()["check"];
  EXPECT_EQ(c["cases"], 3);
  EXPECT_EQ(c["passed"], 1);
  EXPECT_EQ(c["failed"], 1);
  EXPECT_EQ(c["skipped"], 1);
  EXPECT_EQ(c["failures"][0]["verdict"], "FAILED");
  EXPECT_THAT(missing(c, {"mistrusted", "fallback", "failures/0/id", "failures/0/reason", "failures/0/repro"}),
              IsEmpty());
  EXPECT_EQ(c["skipped_variants"][0]["reason"], "needs AVX9");
}

TEST(VariantJson, HasTheKeysOfTheInterface) {
  for (const Variant& v : all_variants()) {
    const Json j = to_json(v);
    EXPECT_THAT(missing(j, {"id", "op", "isa", "techniques", "exact", "runnable", "reason"}), IsEmpty()) << v.id;
    EXPECT_EQ(j["runnable"].get<bool>(), j["reason"].get<std::string>().empty()) << v.id;
  }
}

TEST(MachineJson, FactsThatCannotBeReadSayWhy) {
  const Json j = to_json(read_machine("/nonexistent"));
  EXPECT_TRUE(j["cpu_model"].is_null());
  EXPECT_THAT(bare_nulls(j), IsEmpty());
  EXPECT_THAT(missing(j, {"cpus", "caches", "governor", "transparent_hugepages", "compiler", "compiler_flags",
                          "git_revision", "fingerprint"}),
              IsEmpty());
}

TEST(CeilingJson, WithoutSamplesSaysWhy) {
  const Json j = to_json(CeilingTable{});
  EXPECT_TRUE(j["by_threads"].empty());
  EXPECT_NE(j["why"], "");
  EXPECT_TRUE(j["peaks"].empty());
}

TEST(CeilingJson, HasEveryPeakByISAAndThreads) {
  const Json j = to_json(made_up_machine());
  EXPECT_EQ(j["peaks"].size(), 2u * 6);
  for (const Json& p : j["peaks"]) {
    const char* rate = p["isa"] == "" ? "gb_per_s" : "gop_per_s";
    EXPECT_THAT(missing(p, {"what", "isa", "pattern", "threads", "state", std::string(rate) + "/median",
                            std::string(rate) + "/ci_low", std::string(rate) + "/provenance"}),
                IsEmpty());
  }
}

}  // namespace
}  // namespace bitproof
