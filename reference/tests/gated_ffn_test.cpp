#include "reference/gated_ffn.hpp"

#include "reference/exponential.hpp"
#include "support.hpp"

namespace bitproof::reference {
namespace {

using enum gated_ffn::Activation;

template <class Exp>
Floats float_silu(const Floats& gate, const Floats& up, Exp exp) {
  Floats y;
  for (std::size_t i = 0; i < gate.size(); ++i) y.push_back(gate[i] / (1 + exp(-gate[i])) * up[i]);
  return y;
}

float libm_exp(float x) { return std::exp(x); }

TEST(GatedFfn, ReluSquaredIsExact) {
  const Floats gate{-3, 0, 2, 0.1f}, up{5, 5, -3, 0.7f};
  const Bounded truth = gated_ffn(relu_squared, gate, up);
  const volatile float square = 0.1f * 0.1f;
  EXPECT_EQ(truth.value, (std::vector<double>{0, 0, -12, square * 0.7f}));
  EXPECT_EQ(truth.bound, std::vector<double>(4, 0.0));
}

TEST(GatedFfn, SiluByHand) {
  const Bounded truth = gated_ffn(silu, Floats{0, 1, -1, 100}, Floats{7, 2, 2, 0.5f});
  const double want[] = {0, 2 / (1 + std::exp(-1.0)), -2 / (1 + std::exp(1.0)), 50};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(truth.value[i], want[i], 1e-14);
}

TEST(GatedFfn, SiluBoundHoldsForFloat) {
  Random random(1);
  for (const float sigma : {0.01f, 1.0f, 10.0f, 60.0f}) {
    const Floats gate = gaussian(random, 4096, sigma), up = gaussian(random, 4096);
    EXPECT_TRUE(inside(float_silu(gate, up, libm_exp), gated_ffn(silu, gate, up)));
  }
}

TEST(GatedFfn, SiluBoundHoldsForAnExponentialAtItsAllowance) {
  Random random(2);
  const Floats gate = gaussian(random, 4096, 4), up = gaussian(random, 4096);
  const Bounded truth = gated_ffn(silu, gate, up);
  for (const double sign : {-1.0, 1.0}) {
    const auto off = [&](double factor) {
      return [=](float x) { return static_cast<float>(std::exp(static_cast<double>(x)) * (1 + sign * factor)); };
    };
    EXPECT_TRUE(inside(float_silu(gate, up, off(kExpError - kUnitRoundoff)), truth));
    EXPECT_FALSE(inside(float_silu(gate, up, off(4 * kExpError)), truth));
  }
}

TEST(GatedFfn, SiluBoundHoldsWhereTheExponentialOverflowsOrIsClamped) {
  const Floats gate{-86, -87.5f, -88.5f, -89, -95, -104, -1000, 104, 1000}, up(9, 3.0f);
  const Bounded truth = gated_ffn(silu, gate, up);
  EXPECT_TRUE(inside(float_silu(gate, up, libm_exp), truth));
  EXPECT_TRUE(inside(float_silu(gate, up, [](float x) { return std::exp(std::clamp(x, -87.0f, 87.0f)); }), truth));
}

TEST(GatedFfn, RejectsPlantedFaults) {
  Random random(3);
  const Floats gate = gaussian(random, 1024), up = gaussian(random, 1024);
  for (const auto activation : {silu, relu_squared}) {
    const Bounded truth = gated_ffn(activation, gate, up);
    expect_rejects_planted(truth, gate);
    EXPECT_FALSE(inside(rounded(gated_ffn(activation, bfloat16(gate), up)), truth)) << "bfloat16 gate";
    EXPECT_FALSE(inside(rounded(gated_ffn(activation, gate, bfloat16(up))), truth)) << "bfloat16 up";
    EXPECT_FALSE(inside(rounded(gated_ffn(activation, up, gate)), truth)) << "gate and up swapped";
  }
  EXPECT_FALSE(inside(rounded(gated_ffn(silu, gate, up)), gated_ffn(relu_squared, gate, up)));
  EXPECT_FALSE(inside(rounded(gated_ffn(relu_squared, gate, up)), gated_ffn(silu, gate, up)));
}

}  // namespace
}  // namespace bitproof::reference
