#include "reference/kv_cache.hpp"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

namespace bitproof::reference {
namespace {

using kv_cache::Element;

TEST(KeptKeysAndValues, AreHalfFloatsToNearestEven) {
  constexpr float kUlp = 0x1p-10f;  // of a half float in [1, 2)
  const std::vector<float> row = {1, 1 + kUlp / 2, 1 + 3 * kUlp / 2, 65504, 1e6f, -1e30f, 0x1p-24f, 0x1p-25f, -0.0f};
  EXPECT_THAT(as_kept(Element::f16, 9, row),
              testing::ElementsAre(1, 1, 1 + 2 * kUlp, 65504, 65504, -65504, 0x1p-24f, 0, -0.0f));
  EXPECT_TRUE(std::isnan(as_kept(Element::f16, 1, std::vector<float>{NAN})[0]));
}

TEST(KeptKeysAndValues, AreBytesWithAScaleARow) {
  const std::vector<float> rows = {127, -63.4f, 0.5f, 1.5f, -254, 127, 2, 1};
  const Kept k = kept(Element::q8, 4, rows);
  EXPECT_THAT(k.scales, testing::ElementsAre(1, 2));
  EXPECT_THAT(k.values, testing::ElementsAre(127, -63, 0, 2, -254, 128, 2, 0));
}

// So that q * s is exact, and what was read can be stored again.
TEST(KeptKeysAndValues, HaveScalesOfSixteenBitsNeverTooSmall) {
  for (int i = 1; i < 1000; ++i) {
    const std::vector<float> row = {std::exp(static_cast<float>(i) * 0.01f), -0.3f};
    const Kept k = kept(Element::q8, 2, row);
    EXPECT_EQ(std::bit_cast<std::uint32_t>(k.scales[0]) & 0xff, 0u);
    EXPECT_GE(k.scales[0], row[0] / 127.0f);
    EXPECT_LE(k.scales[0], row[0] / 127.0f * (1 + 0x1p-15f));
    EXPECT_EQ(as_kept(Element::q8, 2, k.values), k.values);
  }
}

TEST(KeptKeysAndValues, OfARowWithoutAScaleAreZerosOrNan) {
  EXPECT_THAT(as_kept(Element::q8, 2, std::vector<float>{0x1p-101f, 0}), testing::ElementsAre(0, 0));
  for (const float x : {NAN, std::numeric_limits<float>::infinity()}) {
    EXPECT_THAT(as_kept(Element::q8, 2, std::vector<float>{x, 1}), testing::Each(testing::IsNan()));
  }
}

}  // namespace
}  // namespace bitproof::reference
