// The two reports that this project began with, and reports in which nothing is wrong.
#include <sstream>

#include "audit_support.hpp"
#include "reports/audit/render.hpp"

namespace bitproof::audit {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const Trial& seeds() {
  static const Trial trial({read_claims(suites() + "/claims/phase2_results.toml"),
                            read_claims(suites() + "/claims/velocity_benchmark.toml")});
  return trial;
}

struct Known {
  const char* id;
  Verdict verdict;
  const char* rule;
};

void PrintTo(const Known& k, std::ostream* out) { *out << k.id << " by " << k.rule; }

class KnownDefect : public testing::TestWithParam<Known> {};

TEST_P(KnownDefect, IsFound) {
  const Known& k = GetParam();
  EXPECT_EQ(seeds().of(k.id).verdict, k.verdict);
  EXPECT_NE(seeds().by(k.rule, k.id), Verdict::holds);
}

constexpr Verdict kUnsupported = Verdict::unsupported, kContradicted = Verdict::contradicted, kWrong = Verdict::wrong,
                  kImpossible = Verdict::impossible;

INSTANTIATE_TEST_SUITE_P(Phase2, KnownDefect,
                         testing::ValuesIn(std::vector<Known>{
                             {"phase2_results/token_time", kImpossible, "scope"},
                             {"phase2_results/throughput", kImpossible, "follows"},
                             {"phase2_results/throughput", kImpossible, "roofline"},
                             {"phase2_results/throughput", kImpossible, "op_rate"},
                             {"phase2_results/improvement", kImpossible, "amdahl"},
                             {"phase2_results/improvement", kImpossible, "follows"},
                             {"phase2_results/improvement", kImpossible, "baseline"},
                             {"phase2_results/phase1", kContradicted, "contradiction"},
                             {"phase2_results/times_target", kWrong, "range_end"},
                             {"phase2_results/percent_of_target", kWrong, "range_end"},
                             {"phase2_results/exceeded_by", kWrong, "wording"},
                             {"phase2_results/times_goal", kWrong, "range_end"},
                             {"phase2_results/exceeded_by", kWrong, "target"},
                             {"phase2_results/times_goal", kWrong, "target"},
                             {"phase2_results/target", kContradicted, "target"},
                             {"phase2_results/goal", kImpossible, "amdahl"},
                             {"phase2_results/goal", kImpossible, "target"},
                             {"phase2_results/multi_core_gain", kImpossible, "amdahl"},
                             {"phase2_results/pool_used", kUnsupported, "vacuous"},
                             {"phase2_results/pool_utilization", kUnsupported, "vacuous"},
                             {"phase2_results/pool_total", kUnsupported, "memory"},
                             {"phase2_results/mismatches", kUnsupported, "vacuous"},
                             {"phase2_results/scaling_efficiency", kUnsupported, "vacuous"},
                             {"phase2_results/scalable", kUnsupported, "vacuous"},
                             {"phase2_results/cache_memory", kWrong, "memory"},
                             {"phase2_results/generation_256", kImpossible, "scope"},
                             {"phase2_results/layer_time", kContradicted, "op_rate"},
                             {"phase2_results/phase3_tokens", kWrong, "expression"},
                             {"phase2_results/phase4_tokens", kWrong, "reused"},
                             {"phase2_results/theoretical_max", kImpossible, "roofline"},
                             {"phase2_results/theoretical_max", kImpossible, "expression"},
                             {"phase2_results/memory_type", kWrong, "machine"},
                             {"phase2_results/coverage", kUnsupported, "follows"},
                             {"phase2_results/no_errors", kUnsupported, "follows"},
                             {"phase2_results/consistent", kUnsupported, "vacuous"},
                             {"phase2_results/production", kUnsupported, "follows"},
                         }));

INSTANTIATE_TEST_SUITE_P(Velocity, KnownDefect,
                         testing::ValuesIn(std::vector<Known>{
                             {"velocity_benchmark/tdp", kWrong, "machine"},
                             {"velocity_benchmark/memory_type", kWrong, "machine"},
                             {"velocity_benchmark/target", kContradicted, "target"},
                             {"velocity_benchmark/tmac1", kContradicted, "status"},
                             {"velocity_benchmark/tmac2", kContradicted, "status"},
                             {"velocity_benchmark/tmac3", kWrong, "size_names"},
                             {"velocity_benchmark/tmac4", kContradicted, "status"},
                             {"velocity_benchmark/tmac5", kContradicted, "status"},
                             {"velocity_benchmark/tmac6", kContradicted, "status"},
                             {"velocity_benchmark/cache_default", kWrong, "memory"},
                             {"velocity_benchmark/cache_one", kWrong, "memory"},
                             {"velocity_benchmark/cache_total", kWrong, "memory"},
                             {"velocity_benchmark/cache_total", kWrong, "contradiction"},
                             {"velocity_benchmark/cache_max", kWrong, "memory"},
                             {"velocity_benchmark/cache_budget", kContradicted, "status"},
                             {"velocity_benchmark/kv_expected", kUnsupported, "work_count"},
                             {"velocity_benchmark/kv_observed", kContradicted, "work_count"},
                             {"velocity_benchmark/kv_contribution", kWrong, "contradiction"},
                             {"velocity_benchmark/kv_contribution", kWrong, "speedup_algebra"},
                             {"velocity_benchmark/mostly_gemm", kUnsupported, "estimate"},
                             {"velocity_benchmark/effective", kWrong, "stated_unit"},
                             {"velocity_benchmark/attention_share", kUnsupported, "work_count"},
                             {"velocity_benchmark/embedding_share", kUnsupported, "work_count"},
                             {"velocity_benchmark/sampling_share", kUnsupported, "work_count"},
                             {"velocity_benchmark/error", kContradicted, "contradiction"},
                             {"velocity_benchmark/error_in_table", kContradicted, "contradiction"},
                             {"velocity_benchmark/prefetch_expected", kUnsupported, "amdahl"},
                             {"velocity_benchmark/inference_latency", kUnsupported, "reused"},
                             {"velocity_benchmark/overhead_latency", kWrong, "expression"},
                             {"velocity_benchmark/threads_measured", kUnsupported, "vacuous"},
                             {"velocity_benchmark/tmac_measured", kWrong, "speedup_algebra"},
                             {"velocity_benchmark/tmac_measured", kWrong, "vacuous"},
                             {"velocity_benchmark/total_expected", kWrong, "parts"},
                             {"velocity_benchmark/total_actual", kWrong, "parts"},
                             {"velocity_benchmark/realization", kWrong, "range_end"},
                             {"velocity_benchmark/s1_speed", kUnsupported, "follows"},
                             {"velocity_benchmark/s4_speed", kWrong, "expression"},
                             {"velocity_benchmark/s4_speed", kWrong, "speedup_algebra"},
                             {"velocity_benchmark/s4_target", kWrong, "range_end"},
                             {"velocity_benchmark/s4_latency", kWrong, "expression"},
                             {"velocity_benchmark/weights", kWrong, "memory"},
                             {"velocity_benchmark/memory_actual", kWrong, "estimate"},
                             {"velocity_benchmark/needs_compression", kUnsupported, "follows"},
                         }));

TEST(AuditSeeds, SayWhatTheReportsShouldHaveSaid) {
  EXPECT_NEAR(seeds().of("throughput").should_be->low, 1.77, 0.005);
  EXPECT_NEAR(seeds().of("improvement").should_be->low, 2.60, 0.005);
  EXPECT_NEAR(seeds().of("percent_of_target").should_be->low, 0.0708, 0.0001);
  EXPECT_NEAR(seeds().of("s4_speed").should_be->low, 17.47, 0.005);
  EXPECT_NEAR(seeds().of("total_expected").should_be->high, 720, 1e-9);
  EXPECT_NEAR(seeds().of("cache_default").should_be->low, 17.18e9, 0.005e9);
  const std::string text = summary(seeds().docket, seeds().verdicts);
  EXPECT_THAT(text, StartsWith("phase2_results: "));
  EXPECT_THAT(text, HasSubstr("56.62 tok/s: should be 1.77 tok/s"));
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 26) << "what a reader takes in at a glance";
}

// What is right in them stays right.
TEST(AuditSeeds, WhatHoldsHolds) {
  for (const char* id : {"elements", "gflops", "lines_total", "phase2_results/cores", "velocity_benchmark/boost",
                         "velocity_benchmark/l3", "s1_latency", "s2_latency", "s3_latency", "speed", "latency",
                         "total_s", "baseline_latency", "gemm_time", "gemm_share", "target_speedup", "s1_factor",
                         "velocity_benchmark/tmac_expected"}) {
    EXPECT_EQ(seeds().of(id).verdict, Verdict::holds) << id;
  }
}

TEST(AuditSeeds, JsonHasWhatScriptsReadAndMarkdownIsATable) {
  const Json j = to_json(seeds().docket, seeds().verdicts);
  ASSERT_EQ(j.at("claims").size(), seeds().verdicts.size());
  for (const Json& claim : j.at("claims")) {
    for (const char* key : {"id", "verdict", "findings"}) EXPECT_TRUE(claim.contains(key));
    for (const Json& f : claim.at("findings")) {
      for (const char* key : {"rule", "severity", "text", "quote", "arithmetic"}) EXPECT_TRUE(f.at(key).is_string());
      EXPECT_NE(f.at("arithmetic"), "") << claim.at("id") << ": " << f.at("text");
    }
  }
  EXPECT_THAT(markdown(seeds().docket, seeds().verdicts),
              HasSubstr("| 77 | 56.62 tok/s | IMPOSSIBLE | should be 1.77 tok/s"));
}

// "83.26" stands in "83.26×" and not in "183.26" or "83.267".
bool stands_in(const std::string& figure, const std::string& text) {
  const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  for (std::size_t at = text.find(figure); at != std::string::npos; at = text.find(figure, at + 1)) {
    const std::size_t end = at + figure.size();
    const bool more = end < text.size() && (text[end] == '.' || text[end] == ',') && digit(end + 1);
    if ((at == 0 || !digit(at - 1)) && !digit(end) && !more) return true;
  }
  return false;
}

// The reports themselves are not ours to ship; which figures stand on which of their lines is in audit_figures.txt.
TEST(AuditSeeds, EveryFigureOfTheReportsIsInAClaim) {
  std::istringstream fixture(read_file(std::string(BITPROOF_SOURCE_DIR) + "/reports/tests/audit_figures.txt"));
  const Report* report = nullptr;
  int figures = 0;
  for (std::string text; std::getline(fixture, text);) {
    std::istringstream words(text);
    std::int64_t line = 0;
    if (!(words >> line)) {
      const auto& all = seeds().docket.reports;
      const auto named = std::find_if(all.begin(), all.end(), [&](const Report& r) { return r.name == text; });
      ASSERT_NE(named, all.end()) << text;
      report = &*named;
      continue;
    }
    ASSERT_NE(report, nullptr);
    for (std::string figure; words >> figure; ++figures) {
      const auto has = [&](const Claim& c) {
        if (c.line == line && stands_in(figure, c.quote)) return true;
        return std::find(c.also.begin(), c.also.end(), line) != c.also.end() &&
               stands_in(figure, c.value ? c.printed : c.text);
      };
      EXPECT_TRUE(std::any_of(report->claims.begin(), report->claims.end(), has))
          << report->name << " line " << line << ": no claim has its " << figure;
    }
  }
  EXPECT_GT(figures, 300);
}

std::vector<std::string> honest_files() {
  std::vector<std::string> files;
  for (const auto& f : std::filesystem::directory_iterator(suites() + "/claims/honest")) files.push_back(f.path());
  return files;
}

TEST(AuditHonest, NoReportRaisesMoreThanANote) {
  ASSERT_GE(honest_files().size(), 10u);
  std::vector<Report> all;
  for (const std::string& path : honest_files()) {
    all.push_back(read_claims(path));
    const Trial alone({all.back()});
    EXPECT_FALSE(any_fault(alone.verdicts)) << path << "\n" << details(alone.docket, alone.verdicts);
  }
  const Trial together(all);
  EXPECT_FALSE(any_fault(together.verdicts)) << details(together.docket, together.verdicts);
}

}  // namespace
}  // namespace bitproof::audit
