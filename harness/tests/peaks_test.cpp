#include "peaks.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "error.hpp"
#include "read_patterns.hpp"

namespace bitproof {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;

const std::vector<CacheLevel> kSmallCaches = {{1, 32 << 10, 2}, {2, 1 << 20, 2}, {3, 2 << 20, 1}};

// Every loop that runs here is run, so that an instruction its `needs` do not cover would fault; that what was read
// sums up rightly is checked inside.
TEST(SamplePeaks, EveryLoopAndPatternOncePerRoundAndThreadCount) {
  constexpr int kRounds = 2;
  std::map<std::string, int> seen;
  for (const PeakSample& s : sample_peaks(2, kSmallCaches, kRounds, std::chrono::microseconds(20))) {
    EXPECT_GT(s.per_ns, 0) << s.what;
    EXPECT_TRUE(std::isfinite(s.per_ns)) << s.what;
    ++seen[s.what + " " + s.isa + " " + s.pattern + " " + std::to_string(s.threads)];
  }
  for (const auto& [cell, n] : seen) EXPECT_EQ(n, kRounds) << cell;
  for (const OpLoop& loop : op_loops()) {
    const std::string cell = std::string(name(loop.kind)) + " " + loop.isa + " " + loop.instructions + " 2";
    if (loop.runnable()) {
      EXPECT_THAT(seen, Contains(Key(cell)));
    } else {
      EXPECT_THAT(seen, Not(Contains(Key(cell))));
    }
  }
  EXPECT_THAT(seen, Contains(Key("L1 read  4 streams of 15 KB a thread 2")));
  EXPECT_THAT(seen, Contains(Key("L2 read  1 stream of 511 KB a thread 1"))) << "half of it";
  EXPECT_THAT(seen, Contains(Key("L2 read  1 stream of 127 KB a thread 1"))) << "four times an L1";
  EXPECT_THAT(seen, Not(Contains(Key(testing::AllOf(testing::StartsWith("L3 read"), testing::EndsWith(" 2"))))))
      << "half of it is less than twice a thread's L2";
}

TEST(SamplePeaks, RefusesWhatItCannotMeasure) {
  EXPECT_THROW(sample_peaks(0, {}, 1), BadInput);
  EXPECT_THROW(sample_peaks(1, {}, 0), BadInput);
}

TEST(OpLoops, EveryKindHasOneThatRunsEverywhereButLookUps) {
  std::set<OpKind> everywhere;
  for (const OpLoop& loop : op_loops()) {
    EXPECT_GT(loop.ops_per_step, 0);
    if (loop.needs == 0) everywhere.insert(loop.kind);
  }
  EXPECT_EQ(everywhere, (std::set{OpKind::multiply_add, OpKind::float_multiply_add}));
}

TEST(ReadPatterns, SumWhatTheyRead) {
  alignas(64) static ReadWord words[3 * kReadStep / sizeof(ReadWord)];
  ReadWord sum = 0;
  for (ReadWord& w : words) sum += w = 1 + static_cast<ReadWord>(&w - words);
  for (const ReadPattern& p : read_patterns()) {
    EXPECT_EQ(p.read()(reinterpret_cast<const std::byte*>(words), sizeof words, 1), sum) << p.name;
    EXPECT_EQ(p.read()(reinterpret_cast<const std::byte*>(words), sizeof words, 5), 5 * sum) << p.name;
  }
}

TEST(CacheLevels, CountTheDataCachesOfAMachine) {
  Machine m;
  EXPECT_TRUE(cache_levels(m).empty());
  m.cpus = {0, 1, 2, 3};
  m.caches = {{1, "Data", 32, {0}},        {1, "Instruction", 64, {0}}, {2, "Unified", 512, {0}},
              {1, "Data", 48, {1}},        {1, "Instruction", 64, {1}}, {2, "Unified", 512, {1}},
              {3, "Unified", 4096, {0, 1}}};
  const std::vector<CacheLevel> levels = cache_levels(m);
  ASSERT_EQ(levels.size(), 3u);
  EXPECT_EQ(levels[0].name(), "L1 read");
  EXPECT_EQ(levels[0].bytes, 48u) << "the larger, for it must bound both";
  EXPECT_EQ(levels[0].capacity(1), 48u);
  EXPECT_EQ(levels[0].capacity(2), 96u);
  EXPECT_EQ(levels[0].capacity(8), 96u) << "there are two";
  EXPECT_EQ(levels[2].capacity(2), 4096u) << "shared";

  m.caches = {{1, "Data", 32, {}}, {3, "Unified", 4096, {}}};  // by getconf
  EXPECT_EQ(cache_levels(m)[0].capacity(4), 128u);
  EXPECT_EQ(cache_levels(m)[1].capacity(4), 4096u);
}

}  // namespace
}  // namespace bitproof
