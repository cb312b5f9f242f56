#include "activations.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <utility>

#include "support.hpp"
#include "variant_names.hpp"

namespace bitproof {
namespace {

const memory::Kernel& kernel(const std::string& id) { return *find_variant<memory::Kernel>(id)->kernel; }

class Activations : public testing::TestWithParam<std::string> {};

TEST_P(Activations, BlocksAreGivenBackInReverse) {
  ActivationMemory memory(kernel(GetParam()), 1 << 20);
  {
    const Block<float> a(memory, 100);
    EXPECT_EQ(memory.usage().in_use_bytes, 448u);  // 400 in whole lines of 64
    {
      const Block<std::int8_t> b(memory, 1);
      EXPECT_NE(static_cast<const void*>(a.data()), static_cast<const void*>(b.data()));
      EXPECT_EQ(memory.usage().in_use_bytes, 512u);
    }
    EXPECT_EQ(memory.usage().in_use_bytes, 448u);
  }
  EXPECT_EQ(memory.usage().in_use_bytes, 0u);
  EXPECT_EQ(memory.usage().high_water_bytes, 512u);
  EXPECT_FALSE(memory.exhausted());
}

TEST_P(Activations, AMovedBlockIsGivenBackOnce) {
  ActivationMemory memory(kernel(GetParam()), 1 << 20);
  {
    Block<float> a(memory, 16);
    const float* const data = a.data();
    const Block<float> b(std::move(a));
    EXPECT_EQ(b.data(), data);
    EXPECT_EQ(memory.usage().in_use_bytes, 64u);
  }
  EXPECT_EQ(memory.usage().in_use_bytes, 0u);
}

TEST_P(Activations, EmptyBlocksHaveAddressesOfTheirOwn) {
  ActivationMemory memory(kernel(GetParam()), 1 << 20);
  const Block<float> a(memory, 0), b(memory, 0);
  EXPECT_NE(a.data(), nullptr);
  EXPECT_NE(a.data(), b.data());
}

TEST_P(Activations, CallsAreCountedSinceTheLastLook) {
  ActivationMemory memory(kernel(GetParam()), 1 << 20);
  { const Block<float> a(memory, 16); }
  EXPECT_EQ(memory.take_calls(), 2) << "one to allocate, one to release";
  EXPECT_EQ(memory.take_calls(), 0);
  memory.take_ns();
  EXPECT_EQ(memory.take_ns(), 0.0);
}

INSTANTIATE_TEST_SUITE_P(Variants, Activations, testing::ValuesIn(runnable_ids<memory::Kernel>()), test_name);

TEST(Exhaustion, LeavesNoBlockAndSaysHowMuchWasAskedFor) {
  ActivationMemory memory(kernel("memory/pool"), 1024);
  {
    const Block<std::int8_t> a(memory, 1000), b(memory, 100);
    EXPECT_NE(a.data(), nullptr);
    EXPECT_EQ(b.data(), nullptr);
  }
  EXPECT_TRUE(memory.exhausted());
  EXPECT_EQ(memory.exhausted_bytes(), 100u);
  EXPECT_EQ(memory.usage().in_use_bytes, 0u) << "the refused block was not given back";
}

TEST(Exhaustion, OfAnEmptyBlockIsStillAnExhaustion) {
  ActivationMemory memory(kernel("memory/pool"), 64);
  const Block<std::int8_t> a(memory, 64), b(memory, 0);
  EXPECT_EQ(b.data(), nullptr);
  EXPECT_TRUE(memory.exhausted());
}

TEST(Exhaustion, ACapacityThatCannotBeReservedIsRefused) {
  EXPECT_THAT(refusal([] { ActivationMemory memory(kernel("memory/pool"), SIZE_MAX / 2); }),
              testing::HasSubstr("bytes of activations cannot be reserved"));
}

}  // namespace
}  // namespace bitproof
