#include "memory_map.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <utility>

namespace bitproof {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }

TEST(Mapping, IsAlignedZeroedAndAsLargeAsAsked) {
  for (const Pages pages : {Pages::small, Pages::huge}) {
    const Mapping map(3 * kHugePage + 5, pages);
    EXPECT_EQ(address(map.data()) % kHugePage, 0u);
    EXPECT_EQ(map.size(), 3 * kHugePage + 5);
    EXPECT_EQ(map.data()[0], std::byte{0});
    EXPECT_EQ(map.data()[map.size() - 1], std::byte{0});
  }
}

TEST(Mapping, HugeBytesAreWitnessedNotAssumed) {
  const Mapping small(4 * kHugePage, Pages::small), huge(4 * kHugePage, Pages::huge);
  EXPECT_EQ(huge.huge_bytes(), 0u);  // nothing touched yet
  std::memset(small.data(), 1, small.size());
  std::memset(huge.data(), 1, huge.size());
  EXPECT_EQ(small.huge_bytes(), 0u);
  EXPECT_LE(huge.huge_bytes(), huge.size());
  EXPECT_EQ(huge.huge_bytes() % kHugePage, 0u);
}

TEST(Mapping, MovesWithoutCopying) {
  Mapping a(100, Pages::small);
  std::byte* data = a.data();
  Mapping b(std::move(a));
  EXPECT_EQ(b.data(), data);
  EXPECT_EQ(a.data(), nullptr);
  a = std::move(b);
  EXPECT_EQ(a.data(), data);
  EXPECT_EQ(a.size(), 100u);
}

TEST(Mapping, RefusalNamesSizeAndReason) {
  for (const std::size_t bytes : {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 60}) {
    try {
      Mapping map(bytes, Pages::huge);
      FAIL();
    } catch (const std::runtime_error& e) {
      EXPECT_EQ(e.what(), "cannot map " + std::to_string(bytes) + " bytes: Cannot allocate memory");
    }
  }
}

TEST(GuardedBuffer, IsPlacedAsAsked) {
  for (const Fence fence : {Fence::before, Fence::after}) {
    for (const std::size_t bytes :
         {std::size_t{0}, std::size_t{1}, std::size_t{63}, std::size_t{4096}, std::size_t{10001}}) {
      for (const std::size_t offset : {0, 1, 4, 63}) {
        const GuardedBuffer buffer(bytes, fence, 64, offset);
        EXPECT_EQ(buffer.size(), bytes);
        EXPECT_EQ(address(buffer.data()) % 64, offset);
        EXPECT_TRUE(buffer.margins_intact());
      }
    }
  }
}

TEST(GuardedBuffer, PoisonIsNanInEveryFloatType) {
  const GuardedBuffer buffer(24, Fence::after, 8);
  EXPECT_TRUE(std::isnan(buffer.as<float>()[0]));
  EXPECT_TRUE(std::isnan(buffer.as<double>()[2]));
  EXPECT_EQ(buffer.as<std::int32_t>()[5], 2147450879);
}

TEST(GuardedBuffer, FindsAWriteBesideTheData) {
  GuardedBuffer buffer(100, Fence::after, 64);
  std::memset(buffer.data(), 0, buffer.size());
  EXPECT_TRUE(buffer.margins_intact());
  for (const std::ptrdiff_t stray : {std::ptrdiff_t{-1}, std::ptrdiff_t{100}}) {
    buffer.poison(0x1234);
    EXPECT_TRUE(buffer.margins_intact());
    buffer.data()[stray] = std::byte{0};
    EXPECT_FALSE(buffer.margins_intact());
  }
}

TEST(GuardedBuffer, PoisonsPagesThatWereUsedBefore) {
  for (int round = 0; round < 3; ++round) {
    const GuardedBuffer buffer(5000, Fence::before, 64, 3);
    for (std::size_t i = 0; i < buffer.size(); ++i) {
      ASSERT_EQ(buffer.data()[i], static_cast<std::byte>(i % 2 ? kPoison >> 8 : kPoison & 255));
    }
    EXPECT_TRUE(buffer.margins_intact());
    std::memset(buffer.data(), 0, buffer.size() + 1);  // and a stray
    EXPECT_FALSE(buffer.margins_intact());
  }
}

TEST(GuardedBuffer, KnowsItsFences) {
  const GuardedBuffer before(100, Fence::before), after(100, Fence::after);
  EXPECT_TRUE(before.fences(before.data() - 1));
  EXPECT_TRUE(after.fences(after.data() + 100));
  EXPECT_FALSE(after.fences(&after));
}

// Volatile: an access that the compiler must make.
std::byte touch(const std::byte* p) { return *const_cast<const volatile std::byte*>(p); }

TEST(GuardedBufferDeathTest, FencesFault) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const GuardedBuffer before(100, Fence::before), after(100, Fence::after), aligned(128, Fence::after, 64);
  EXPECT_DEATH(touch(before.data() - 1), "");
  EXPECT_DEATH(touch(after.data() + 100), "");
  EXPECT_DEATH(touch(aligned.data() + 128), "");
  touch(before.data() + 99);
  touch(after.data());
}

TEST(ProcessMemory, SeesPagesComeAndThePeakReset) {
  constexpr std::int64_t kBytes = 64 * kHugePage;
  const ProcessMemory before = process_memory();
  if (!before.rss_bytes || !before.peak_rss_bytes) GTEST_SKIP() << before.why;
  ProcessMemory touched;
  {
    const Mapping map(kBytes, Pages::small);
    std::memset(map.data(), 1, map.size());
    touched = process_memory();
  }
  EXPECT_GE(touched.minor_faults - before.minor_faults, 1000);
  EXPECT_GE(*touched.rss_bytes - *before.rss_bytes, kBytes / 2);
  EXPECT_GE(*process_memory().peak_rss_bytes - *before.rss_bytes, kBytes / 2);  // outlives the mapping
}

}  // namespace
}  // namespace bitproof
