#include "microbench.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

// As short as Google Benchmark goes; its flags outlive a run, so each is always given.
std::vector<std::string> quickly(const std::vector<std::string>& more = {}) {
  std::vector<std::string> flags = {"--benchmark_min_time=0.001", "--benchmark_repetitions=2", "--benchmark_filter=."};
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

std::vector<BenchResult> measure(const std::string& suite, const std::vector<std::string>& flags = quickly(),
                                 const std::string& filter = "", int cores = 2) {
  const MicrobenchOptions options{.filter = filter, .cores = cores, .llc_bytes = 1 << 16, .google = flags};
  return run_microbenchmarks(parse_suite(suite, "test.toml").benchmarks, options, shared_clearance());
}

constexpr const char* kKernels = R"(
[[benchmarks]]
name = "products"
kind = "kernel"
variants = ["ternary_matmul/scalar", "ternary_matmul/tmac.scalar"]
rows = 64
cols = [64, 100]
threads = [1, 0]
temperature = ["cold", "hot"]
)";

TEST(Microbench, MeasuresEveryPointOfTheProduct) {
  const std::vector<BenchResult> results = measure(kKernels);
  ASSERT_EQ(results.size(), 2u * 2 * 2 * 2);
  std::set<std::string> points;
  for (const BenchResult& r : results) {
    EXPECT_EQ(r.failure, "") << r.id;
    EXPECT_EQ(r.ns.samples.size(), 2u) << r.id;
    EXPECT_GT(r.ns.median, 0) << r.id;
    EXPECT_EQ(r.cost.ops, 2.0 * 64 * (r.c.find("cols=100") == std::string::npos ? 64 : 100)) << r.c;
    EXPECT_EQ(r.benchmark, "products");
    points.insert(fmt::format("{} {} {} {}", r.id, r.c, r.threads, r.cold));
  }
  EXPECT_EQ(points.size(), results.size());
}

// What the physics gate takes for granted: a cold result has read past four last-level caches (64 KB here) before it
// comes back to its first byte, a hot one reads the same bytes again.
TEST(Microbench, BooksTheWorkThatItsTimesAreHeldAgainst) {
  for (const BenchResult& r : measure(kKernels)) {
    EXPECT_GT(r.work.read_bytes, 0) << r.id;
    if (r.cold) {
      EXPECT_GE(r.work.cycle_bytes, 4.0 * (1 << 16)) << r.id << " " << r.c;
    } else {
      EXPECT_EQ(r.work.cycle_bytes, r.work.read_bytes) << r.id;
    }
    EXPECT_EQ(r.work.written_bytes, 64.0 * sizeof(std::int32_t)) << "a row's sum each";
    const bool looks_up = r.id.find("tmac") != std::string::npos;
    EXPECT_EQ(r.work[OpKind::multiply_add], looks_up ? 0 : r.cost.ops) << r.id;
    EXPECT_EQ(r.work[OpKind::look_up] > 0, looks_up) << r.id;
    EXPECT_FALSE(r.placements.empty());
  }
}

// threads = [1, 0] is the same point twice there.
TEST(Microbench, OneCoreMeasuresOneThreadOnce) {
  const std::vector<BenchResult> results = measure(kKernels, quickly(), "", 1);
  EXPECT_EQ(results.size(), 8u);
  for (const BenchResult& r : results) {
    EXPECT_EQ(r.threads, 1);
    EXPECT_EQ(r.ns.samples.size(), 2u);
  }
}

TEST(Microbench, MoreThreadsThanCoresAreARowWithoutANumber) {
  const std::vector<BenchResult> results = measure(R"(
[[benchmarks]]
name = "three"
kind = "kernel"
variants = "ternary_matmul/scalar"
threads = 3
temperature = "hot"
)");
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].skipped);
  EXPECT_THAT(results[0].failure, HasSubstr("3 threads, 2 cores"));
  EXPECT_TRUE(results[0].ns.samples.empty());
}

TEST(Microbench, FiltersByIdAndCase) {
  EXPECT_EQ(measure(kKernels, quickly(), "tmac").size(), 8u);
  EXPECT_EQ(measure(kKernels, quickly(), "cols=100").size(), 8u);
  EXPECT_THAT(refusal([] { measure(kKernels, quickly(), "nothing"); }),
              HasSubstr("no benchmark of this suite matches 'nothing'"));
}

TEST(Microbench, RestoresWhatIsChangedInPlaceBeforeItJudges) {
  const std::vector<BenchResult> results = measure(R"(
[[benchmarks]]
name = "in place"
kind = "kernel"
variants = ["residual_add/scalar", "rope/scalar"]
rows = 2
cols = 64
temperature = ["hot", "cold"]
)");
  ASSERT_EQ(results.size(), 4u);
  for (const BenchResult& r : results) EXPECT_EQ(r.failure, "") << r.id;
}

TEST(Microbench, MeasuresTheSlotsToo) {
  const std::vector<BenchResult> results = measure(R"(
[[benchmarks]]
name = "region"
kind = "threading"
variants = "threading/*"
threads = [1, 0]
[[benchmarks]]
name = "block"
kind = "memory"
variants = "memory/pool"
bytes = 4096
[[benchmarks]]
name = "cache"
kind = "kv_cache"
variants = ["kv_cache/ring", "kv_cache/contiguous"]
positions = 4
)");
  std::map<std::string, int> kinds;
  for (const BenchResult& r : results) {
    EXPECT_EQ(r.failure, "") << r.id << " " << r.c;
    EXPECT_EQ(r.ns.samples.size(), 2u) << r.id;
    ++kinds[r.kind];
    if (r.kind == "threading") {
      // Where threads take work as they come, the first may have taken all before the other wakes.
      const bool taken = r.id.starts_with("threading/omp_tasks") || r.id.starts_with("threading/omp_dynamic");
      const int most = r.id == "threading/serial" ? 1 : r.threads;
      EXPECT_LE(r.counters.at("threads_seen"), most) << r.id;
      EXPECT_GE(r.counters.at("threads_seen"), taken ? 1 : most) << r.id;
    }
    EXPECT_EQ(r.counters.contains("page_faults"), r.kind == "memory") << r.id;
  }
  EXPECT_GE(kinds["threading"], 4);
  EXPECT_EQ(kinds["memory"], 2) << "with and without touching its pages";
  EXPECT_EQ(kinds["kv_cache"], 4) << "append and read of two caches";
  for (const BenchResult& r : results) {
    if (r.kind != "kv_cache") continue;
    EXPECT_FALSE(r.work.nothing()) << r.c;
    if (!r.cold) continue;
    EXPECT_GE(r.work.cycle_bytes, 4.0 * (1 << 16));
    EXPECT_LE(r.work.cycle_bytes, 8.0 * (1 << 16) + 2 * r.work.read_bytes)
        << "by the size that was given, not this machine's";
  }
}

// The pool holds 512 MB; a block of 1 GB is refused, and the timed operations have then done nothing.
TEST(Microbench, OperationsThatFailedHaveNoNumber) {
  const std::vector<BenchResult> results = measure(R"(
[[benchmarks]]
name = "too large"
kind = "memory"
variants = "memory/pool"
bytes = [1073741824, 64]
)");
  ASSERT_EQ(results.size(), 4u);
  for (const BenchResult& r : results) {
    const bool large = r.c.starts_with("1073741824");
    EXPECT_EQ(r.failure, large ? "ran out of memory" : "") << r.c;
    EXPECT_EQ(r.ns.samples.empty(), large) << r.c;
  }
}

TEST(Microbench, GoogleBenchmarksFlagsPassThrough) {
  EXPECT_EQ(measure(kKernels, quickly({"--benchmark_repetitions=3"}), "tmac")[0].ns.samples.size(), 3u);
  EXPECT_EQ(measure(kKernels, quickly({"--benchmark_filter=tmac.*threads:2"})).size(), 4u);
}

TEST(Microbench, UnknownFlagsAreRefused) {
  EXPECT_THAT(refusal([] { measure(kKernels, quickly({"--benchmark_speed=11"})); }),
              HasSubstr("Google Benchmark does not know --benchmark_speed=11"));
  EXPECT_THAT(refusal([] { measure(kKernels, quickly({"--benchmark_repetitions=many"})); }),
              HasSubstr("--benchmark_repetitions=many"));
  EXPECT_THAT(refusal([] { measure(kKernels, quickly({"--benchmark_out=f.json"})); }),
              HasSubstr("bench --json > FILE"));
}

TEST(Microbench, UnknownVariantsAreRefused) {
  EXPECT_THAT(
      refusal([] {
        measure(
            "[[benchmarks]]\nname='b'\nkind='kernel'\nvariants=['ternary_matmul/scalar','ternary_matmul/scaler']\n");
      }),
      testing::AllOf(HasSubstr("ternary_matmul/scaler"), HasSubstr("did you mean ternary_matmul/scalar?")));
}

TEST(Microbench, ReportsItsProgress) {
  std::vector<double> fractions;
  const MicrobenchOptions options{.filter = "tmac", .llc_bytes = 1 << 16, .google = quickly()};
  run_microbenchmarks(parse_suite(kKernels, "test.toml").benchmarks, options, shared_clearance(),
                      [&](double fraction, const std::string& what) {
                        fractions.push_back(fraction);
                        EXPECT_EQ(what, "products");
                      });
  EXPECT_THAT(fractions, testing::Each(testing::AllOf(testing::Ge(0), testing::Lt(1))));
  EXPECT_TRUE(std::ranges::is_sorted(fractions));
}

TEST(Microbench, EnoughIsANarrowIntervalOrASpentBudget) {
  const MicrobenchOptions options{.width = 0.02, .budget_s = 1};
  const auto of = [](double low, double high, double coverage) {
    return Estimate{.median = 100,
                    .ci_low = low,
                    .ci_high = high,
                    .p5 = low,
                    .p95 = high,
                    .min = low,
                    .coverage = coverage,
                    .samples = {}};
  };
  EXPECT_THAT(why_enough(of(99.5, 100.5, 0.95), 0.1, options), HasSubstr("asked 2.0 %"));
  EXPECT_EQ(why_enough(of(98, 102, 0.95), 0.1, options), "");
  EXPECT_EQ(why_enough(of(99.9, 100.1, 0.9375), 0.1, options), "") << "the range of five samples is no 95 %";
  EXPECT_THAT(why_enough(of(98, 102, 0.95), 1.1, options), HasSubstr("budget of 1 s ended"));
  EXPECT_EQ(why_enough(of(98, 102, 0.95), 0, {}), "one set of repetitions");
}

TEST(Microbench, AddsSetsOfRepetitionsUntilTheBudgetEnds) {
  MicrobenchOptions options{
      .filter = "tmac", .cores = 1, .llc_bytes = 1 << 16, .google = quickly(), .width = 1e-9, .budget_s = 0.02};
  const auto specs = parse_suite(kKernels, "test.toml").benchmarks;
  const auto more_than_one_set = [](const BenchResult& r) { return r.samples.size() > 2; };
  std::vector<BenchResult> results;
  for (; options.budget_s < 60; options.budget_s *= 4) {  // how long a set takes is the machine's affair
    results = run_microbenchmarks(specs, options, shared_clearance());
    if (std::ranges::all_of(results, more_than_one_set)) break;
  }
  ASSERT_FALSE(results.empty());
  for (const BenchResult& r : results) {
    EXPECT_EQ(r.failure, "");
    EXPECT_TRUE(more_than_one_set(r)) << r.id;
    EXPECT_EQ(r.samples.size() % 2, 0u) << "whole sets";
    EXPECT_EQ(r.samples.size(), r.states.size());
    EXPECT_THAT(r.stopped, HasSubstr("budget"));
  }
}

TEST(Microbench, SetsAsideWhatOthersDisturbedAndCountsIt) {
  BenchResult r;
  r.samples = {100, 101, 300, 99, 100};
  r.states.resize(5);
  for (SampleState& s : r.states) s.load = {0.2, 1, 0.0, 0.0, "", 0, 0};
  r.states[2].load.foreign_fraction = 0.4;
  take_stock(r);
  EXPECT_EQ(r.ns.samples, (std::vector<double>{100, 101, 99, 100}));
  EXPECT_EQ(r.set_aside, (std::map<std::string, int>{{"other work had the CPUs", 1}}));
  EXPECT_EQ(r.samples.size(), 5u) << "kept";
  for (SampleState& s : r.states) s.load.foreign_fraction = 0.4;
  take_stock(r);
  EXPECT_EQ(r.ns.samples.size(), 5u) << "where too few would remain, all stand";
  EXPECT_TRUE(r.set_aside.empty());
  EXPECT_EQ(r.disturbed, (std::map<std::string, int>{{"other work had the CPUs", 5}})) << "and it is said";
}

}  // namespace
}  // namespace bitproof
