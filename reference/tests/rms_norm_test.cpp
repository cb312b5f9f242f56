#include "reference/rms_norm.hpp"

#include "support.hpp"

namespace bitproof::reference {
namespace {

// The contract's formula in float, the sum in the given order.
Floats float_rms_norm(const Floats& x, const Floats& weight, float eps, const std::vector<std::size_t>& order) {
  float sum = 0;
  for (const std::size_t i : order) sum += x[i] * x[i];
  const float inverse = 1 / std::sqrt(sum / static_cast<float>(x.size()) + eps);
  Floats y;
  for (std::size_t i = 0; i < x.size(); ++i) y.push_back(x[i] * inverse * weight[i]);
  return y;
}

TEST(RmsNorm, ByHand) {
  // mean(3^2, 4^2, 0, 0) = 6.25, and 6.25 + 2.75 = 9
  const Bounded truth = rms_norm(Floats{3, 4, 0, 0, 0, 0, 0, 0}, Floats{3, 6, 1, 1}, 2.75f);
  EXPECT_EQ(truth.value, (std::vector<double>{3, 8, 0, 0, 0, 0, 0, 0}));
}

TEST(RmsNorm, BoundIsHalfGammaToFirstOrder) {
  const Bounded truth = rms_norm(Floats(256, 1.0f), Floats(256, 1.0f), 1e-5f);
  EXPECT_NEAR(truth.bound[0] / truth.value[0], gamma(256) / 2 + 5.5 * kUnitRoundoff, 0.01 * kUnitRoundoff);
}

TEST(RmsNorm, BoundHoldsForFloatInAnyOrder) {
  Random random(1);
  for (const std::int64_t n : {1, 2, 5, 64, 1000, 4096}) {
    for (const float sigma : {1e-3f, 1.0f, 1e6f}) {
      const Floats x = gaussian(random, n, sigma), weight = gaussian(random, n);
      const Bounded truth = rms_norm(x, weight, 1e-5f);
      for (int round = 0; round < 10; ++round) {
        EXPECT_TRUE(inside(float_rms_norm(x, weight, 1e-5f, any_order(random, x.size())), truth)) << n;
      }
    }
  }
}

TEST(RmsNorm, BoundHoldsForASumThatStagnates) {
  // After the large term each small square is lost: the worst that an order can do to a float sum.
  Floats x(4096, 0x1.6p-13f);
  x[0] = 1;
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), 0);
  const Floats weight(x.size(), 1.0f);
  EXPECT_TRUE(inside(float_rms_norm(x, weight, 1e-9f, order), rms_norm(x, weight, 1e-9f)));
}

TEST(RmsNorm, BoundHoldsWhereProductsUnderflow) {
  const Floats x{1e-30f, -1e-40f, 1e-44f, 0}, weight{1e-12f, 3, 1e6f, 1e30f};
  EXPECT_TRUE(inside(float_rms_norm(x, weight, 1e-5f, {0, 1, 2, 3}), rms_norm(x, weight, 1e-5f)));
}

TEST(RmsNorm, RejectsPlantedFaults) {
  Random random(2);
  const Floats x = gaussian(random, 1024), weight = gaussian(random, 1024, 0.1f);
  const Bounded truth = rms_norm(x, weight, 1e-5f);
  expect_rejects_planted(truth, x);
  const auto order = any_order(random, x.size());
  EXPECT_FALSE(inside(float_rms_norm(bfloat16(x), weight, 1e-5f, order), truth)) << "bfloat16 input";
  EXPECT_FALSE(inside(float_rms_norm(x, bfloat16(weight), 1e-5f, order), truth)) << "bfloat16 weight";
  EXPECT_FALSE(inside(float_rms_norm(x, weight, 1e-3f, order), truth)) << "another eps";
  EXPECT_FALSE(inside(float_rms_norm(x, Floats(1024, 1.0f), 1e-5f, order), truth)) << "no weight";
}

}  // namespace
}  // namespace bitproof::reference
