// Does a build under ThreadSanitizer find a race in what a threading variant runs, and does it keep silent where there
// is none? In other builds there is nothing to ask.
#ifdef __SANITIZE_THREAD__

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <thread>
#include <vector>

#include "memory_map.hpp"
#include "registry.hpp"
#include "support.hpp"
#include "team.hpp"
#include "variant_names.hpp"

namespace bitproof {
namespace {

constexpr int kThreads = 3, kRows = 64;
constexpr int kReported = 66;  // the exit code of a program in which ThreadSanitizer reported anything

class ThreadingRaces : public testing::TestWithParam<std::string> {
 protected:
  ThreadingRaces() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  Team team() const { return {*find_variant<threading::Kernel>(GetParam())->kernel, kThreads}; }
};

// Space for tiles over rows and over the batch.
constexpr threading::Space kSpace{kRows, 1, kRows};

// Every tile adds to one sum.
[[noreturn]] void share_a_sum(Team team) {
  std::int64_t sum = 0;
  team.session([&] { team.for_tiles(kSpace, [&](Tile t, int) { sum += t.row1 - t.row0; }); });
  std::exit(sum > 0 ? 0 : 1);
}

// Every tile writes its own; the caller reads them all, and the next tiles read what others wrote.
[[noreturn]] void keep_apart(Team team) {
  std::vector<int> first(kRows * kRows), second(kRows * kRows);
  const auto each = [](Tile t, auto&& f) {
    for (std::int64_t r = t.row0; r < t.row1; ++r) {
      for (std::int64_t b = t.batch0; b < t.batch1; ++b) f(r * kRows + b);
    }
  };
  int sum = 0;
  team.session([&] {
    team.for_tiles(kSpace, [&](Tile t, int) { each(t, [&](std::int64_t i) { first[i] = 1; }); });
    team.for_tiles(kSpace,
                   [&](Tile t, int) { each(t, [&](std::int64_t i) { second[i] = first[kRows * kRows - 1 - i]; }); });
    sum = std::accumulate(second.begin(), second.end(), 0);
  });
  std::exit(sum == kRows * kRows ? 0 : 1);
}

TEST_P(ThreadingRaces, APlantedOneIsReported) {
  EXPECT_EXIT(share_a_sum(team()), testing::ExitedWithCode(kReported), "data race");
}

TEST_P(ThreadingRaces, WhatTheBarriersOrderIsNone) {
  EXPECT_EXIT(keep_apart(team()), testing::ExitedWithCode(0), "^$");
}

std::vector<std::string> with_threads() {
  std::vector<std::string> ids;
  for (const auto& v : variants<threading::Kernel>()) {
    if (v.info->techniques.has(Technique::threading)) ids.push_back(v.id);
  }
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Variants, ThreadingRaces, testing::ValuesIn(with_threads()), test_name);

// The whole loop: what a race would show is reported when the program ends, and fails it.
TEST(Races, NoneInTheTokenLoopWhateverSplits) {
  Decoding d;
  const Logits want = d.logits(with(best(), "threading=serial"));
  for (const std::string& id : with_threads())
    EXPECT_EQ(d.logits(with(best(), "threading=" + id), kThreads), want) << id;
  for (const char* slot : {"memory=malloc", "kv_cache=recompute"}) {
    EXPECT_EQ(d.logits(with(best(), slot), kThreads), want) << slot;
  }
}

// One producer, one consumer, nothing between them but the cache: the consumer looks at what a view shows.
[[noreturn]] void hand_over(const kv_cache::Kernel& kernel) {
  constexpr kv_cache::Shape kShape{1, 2, 16, 256, 1};
  constexpr std::int64_t kPositions = 200, kWidth = kShape.kv_heads * kShape.head_dim;
  Mapping storage(kernel.storage_bytes(kShape), Pages::small);
  std::thread producer([&] {
    for (std::int64_t p = 0; p < kPositions; ++p) {
      const std::vector<float> row(kWidth, static_cast<float>(p));
      kernel.append(kShape, storage.data(), 0, 0, p, 1, row.data(), row.data());
    }
  });
  bool right = true;
  for (std::int64_t seen = 0; seen < kPositions;) {
    const kv_cache::View view = kernel.view(kShape, storage.data(), 0, 0, kPositions);
    const kv_cache::Segment& s = view.segment[0];
    for (; seen < s.count; ++seen) {
      for (std::int64_t d = 0; d < kShape.head_dim; ++d) {
        right &=
            static_cast<const float*>(s.v)[view.head_stride + seen * kShape.head_dim + d] == static_cast<float>(seen);
      }
    }
  }
  producer.join();
  std::exit(right ? 0 : 1);
}

TEST(CacheRaces, NoneWhereThePositionsAreHandedOver) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hand_over(*find_variant<kv_cache::Kernel>("kv_cache/ring_spsc")->kernel), testing::ExitedWithCode(0),
              "^$");
}

// The plain ring shows positions that are not there yet.
TEST(CacheRaces, APlantedOneIsReported) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hand_over(*find_variant<kv_cache::Kernel>("kv_cache/ring")->kernel), testing::ExitedWithCode(kReported),
              "data race");
}

// Two would each have threads of their own, and only LLVM's tells the sanitizer what it orders.
TEST(OpenMp, HasOneRuntime) {
  std::ifstream maps("/proc/self/maps");
  const std::string text{std::istreambuf_iterator<char>(maps), {}};
  EXPECT_THAT(text, testing::HasSubstr("/libomp"));
  EXPECT_THAT(text, testing::HasSubstr("/libarcher"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("/libgomp")));
}

}  // namespace
}  // namespace bitproof

#endif
