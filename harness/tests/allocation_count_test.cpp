#include "allocation_count.hpp"

#include <gmock/gmock.h>
#include <malloc.h>
#include <sys/mman.h>

#include <barrier>
#include <cstdlib>
#include <thread>
#include <vector>

namespace bitproof {
namespace {

class Counted : public testing::Test {
 protected:
  void SetUp() override {
    if (!allocations()) GTEST_SKIP() << allocations_why();
  }
};

// Blocks that f asks for.
template <class F>
std::int64_t asked_by(const F& f) {
  const std::int64_t before = *allocations();
  f();
  return *allocations() - before;
}

// The compiler may not see that they are not used.
[[gnu::noipa]] void* keep(void* block) { return block; }

TEST_F(Counted, NothingIsCountedForNothing) {
  EXPECT_EQ(asked_by([] {}), 0);
  EXPECT_EQ(allocations_why(), "");
}

TEST_F(Counted, EveryWayToAskIsCountedOnce) {
  EXPECT_EQ(asked_by([] { std::free(keep(std::malloc(100))); }), 1);
  EXPECT_EQ(asked_by([] { std::free(keep(std::calloc(10, 10))); }), 1);
  EXPECT_EQ(asked_by([] { std::free(keep(std::realloc(nullptr, 100))); }), 1);
  EXPECT_EQ(asked_by([] { std::free(keep(std::aligned_alloc(64, 128))); }), 1);
  EXPECT_EQ(asked_by([] { std::free(keep(memalign(64, 128))); }), 1);
  EXPECT_EQ(asked_by([] {
              void* block = nullptr;
              EXPECT_EQ(posix_memalign(&block, 64, 128), 0);
              EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
              std::free(block);
            }),
            1);
  EXPECT_EQ(asked_by([] { delete static_cast<int*>(keep(new int)); }), 1);
  EXPECT_EQ(asked_by([] { keep(std::vector<int>(1000, 1).data()); }), 1);
}

TEST_F(Counted, BlocksAreWhatTheyWouldBe) {
  auto* zeroed = static_cast<unsigned char*>(std::calloc(100, 1));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(zeroed[i], 0);
  zeroed[99] = 7;
  auto* grown = static_cast<unsigned char*>(std::realloc(zeroed, 100000));
  EXPECT_EQ(grown[99], 7);
  std::free(grown);
  int here = 0;
  void* block = &here;
  EXPECT_NE(posix_memalign(&block, 3, 64), 0);
  EXPECT_EQ(block, &here);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(Counted, MappingsAreCountedToo) {
  EXPECT_EQ(asked_by([] {
              void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
              ASSERT_NE(page, MAP_FAILED);
              *static_cast<char*>(page) = 1;
              munmap(page, 4096);
            }),
            1);
}
#endif

TEST_F(Counted, ThreadsAreCountedAtOnce) {
  constexpr int kThreads = 4, kBlocks = 1000;
  std::barrier ready(kThreads + 1), done(kThreads + 1);
  std::vector<std::jthread> team;
  for (int t = 0; t < kThreads; ++t) {
    team.emplace_back([&] {
      ready.arrive_and_wait();
      for (int i = 0; i < kBlocks; ++i) {
        void* volatile block = std::malloc(static_cast<std::size_t>(i + 1));
        std::free(block);
      }
      done.arrive_and_wait();
    });
  }
  EXPECT_EQ(asked_by([&] {
              ready.arrive_and_wait();
              done.arrive_and_wait();
            }),
            kThreads * kBlocks);
}

TEST(Uncounted, IsNoNumberButAReason) { EXPECT_EQ(allocations().has_value(), allocations_why().empty()); }

}  // namespace
}  // namespace bitproof
