#include "ceiling.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "error.hpp"

namespace bitproof {
namespace {

// That what was read sums up rightly is checked inside, for every pattern: this must not throw.
TEST(SampleReads, EveryPatternOncePerRoundAndThreadCount) {
  constexpr int kThreads = 3, kRounds = 2;
  const auto samples = sample_reads(kThreads, 3'000'001, kRounds, std::chrono::nanoseconds(1));
  std::map<int, std::multiset<std::string>> seen;
  for (const ReadSample& s : samples) {
    EXPECT_GT(s.gb_per_s, 0);
    EXPECT_TRUE(std::isfinite(s.gb_per_s));
    seen[s.threads].insert(s.pattern);
  }
  ASSERT_EQ(seen.size(), 3u);
  for (const auto& [threads, patterns] : seen) {
    EXPECT_EQ(patterns, seen[1]);
    for (const std::string& p : patterns) EXPECT_EQ(patterns.count(p), std::size_t{kRounds});
  }
}

TEST(SampleReads, RefusesWhatItCannotMeasure) {
  EXPECT_THROW(sample_reads(1, 100, 1), BadInput);
  EXPECT_THROW(sample_reads(0, 1'000'000, 1), BadInput);
  EXPECT_THROW(sample_reads(1, 1'000'000, 0), BadInput);
}

TEST(BestPatterns, HighestMedianForEachThreadCount) {
  const std::vector<ReadSample> samples = {
      {1, "a", 10, {}, {}}, {1, "a", 11, {}, {}}, {1, "a", 12, {}, {}}, {1, "b", 1, {}, {}},  {1, "b", 2, {}, {}},
      {1, "b", 99, {}, {}}, {2, "a", 20, {}, {}}, {2, "b", 22, {}, {}}, {2, "b", 24, {}, {}},
  };
  const std::vector<Ceiling> ceilings = best_patterns(samples);
  ASSERT_EQ(ceilings.size(), 2u);
  EXPECT_EQ(ceilings[0].threads, 1);
  EXPECT_EQ(ceilings[0].pattern, "a");
  EXPECT_EQ(ceilings[0].gb_per_s.median, 11);
  EXPECT_EQ(ceilings[0].gb_per_s.samples.size(), 3u);
  EXPECT_EQ(ceilings[1].pattern, "b");
  EXPECT_EQ(ceilings[1].gb_per_s.median, 23);
  EXPECT_TRUE(best_patterns({}).empty());
}

TEST(CeilingBuffer, IsBeyondEveryCacheAndWithinMemory) {
  Machine m;
  EXPECT_EQ(ceiling_buffer_bytes(m), 512'000'000u);
  m.llc_bytes.value = std::size_t{384} << 20;
  EXPECT_EQ(ceiling_buffer_bytes(m), std::size_t{1536} << 20);
  m.memory_available_bytes.value = std::int64_t{2} << 30;
  EXPECT_THROW(ceiling_buffer_bytes(m), BadInput);
}

TEST(ClockProbe, IsPositiveAndFinite) {
  const double ghz = clock_probe_ghz();
  EXPECT_GT(ghz, 0);
  EXPECT_TRUE(std::isfinite(ghz));
}

}  // namespace
}  // namespace bitproof
