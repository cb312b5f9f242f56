#include "reference/rope.hpp"

#include <complex>
#include <numbers>

#include "support.hpp"

namespace bitproof::reference {
namespace {

using Positions = std::vector<std::int64_t>;
using rope::Style;
constexpr Style kStyles[] = {Style::neox, Style::interleaved};

// A float kernel: a table rounded to float, then two products and a sum.
Floats float_rope(std::int64_t dim, Style style, double base, const Positions& positions, const Floats& x) {
  Floats y = x;
  const std::int64_t heads = std::ssize(x) / (dim * std::ssize(positions));
  for (std::int64_t row = 0; row < std::ssize(positions) * heads; ++row) {
    for (std::int64_t i = 0; i < dim / 2; ++i) {
      const double angle = static_cast<double>(positions[static_cast<std::size_t>(row / heads)]) /
                           std::exp(std::log(base) * 2 * static_cast<double>(i) / static_cast<double>(dim));
      const auto c = static_cast<float>(std::cos(angle)), s = static_cast<float>(std::sin(angle));
      const bool neox = style == Style::neox;
      const auto first = static_cast<std::size_t>(row * dim + (neox ? i : 2 * i));
      const auto second = first + static_cast<std::size_t>(neox ? dim / 2 : 1);
      y[first] = x[first] * c - x[second] * s;
      y[second] = x[first] * s + x[second] * c;
    }
  }
  return y;
}

TEST(Rope, ByHand) {
  // base = pi / 2 ... is no model's: with head_dim 4 pair 1 turns by base^(-1/2) a position. 4 / pi^2 makes that pi
  // / 2.
  const double base = 4 / (std::numbers::pi * std::numbers::pi);
  const double c = std::cos(1), s = std::sin(1);
  const Bounded neox = rope(4, Style::neox, base, Positions{1}, Floats{1, 10, 2, 20});
  const double want_neox[] = {c - 2 * s, -20, s + 2 * c, 10};
  const Bounded interleaved = rope(4, Style::interleaved, base, Positions{1}, Floats{1, 2, 10, 20});
  const double want_interleaved[] = {c - 2 * s, s + 2 * c, -20, 10};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(neox.value[i], want_neox[i], 1e-13);
    EXPECT_NEAR(interleaved.value[i], want_interleaved[i], 1e-13);
  }
}

TEST(Rope, PositionZeroIsTheIdentity) {
  Random random(1);
  const Floats x = gaussian(random, 64);
  for (const Style style : kStyles) EXPECT_EQ(rounded(rope(16, style, 1e4, Positions{0}, x)), x);
}

TEST(Rope, ScoresDependOnRelativePositionOnly) {
  Random random(2);
  const Floats q = gaussian(random, 32), k = gaussian(random, 32);
  const auto score = [&](std::int64_t q_position, std::int64_t k_position) {
    const auto a = rope(32, Style::neox, 1e4, Positions{q_position}, q).value;
    const auto b = rope(32, Style::neox, 1e4, Positions{k_position}, k).value;
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  };
  EXPECT_NEAR(score(7, 3), score(1007, 1003), 1e-10);
  EXPECT_GT(std::abs(score(7, 3) - score(7, 4)), 1e-3);
}

TEST(Rope, BoundHoldsForFloatUpToLongContexts) {
  Random random(3);
  for (const Style style : kStyles) {
    for (const double base : {1e4, 5e5}) {
      const Positions positions{0, 1, 77, 2047, 131071};
      const Floats x = gaussian(random, 5 * 4 * 128);
      EXPECT_TRUE(inside(float_rope(128, style, base, positions, x), rope(128, style, base, positions, x)));
    }
  }
}

TEST(Rope, BoundIsThreeRoundingsOfTheTerms) {
  Random random(5);
  const Floats x = gaussian(random, 128);
  const Bounded truth = rope(128, Style::neox, 1e4, Positions{4095}, x);
  for (std::size_t i = 0; i < 64; ++i) {
    const double length = std::hypot(x[i], x[i + 64]);  // |a c| + |b s| <= length
    EXPECT_LE(truth.bound[i], 3.01 * kUnitRoundoff * length);
    EXPECT_LE(truth.bound[i + 64], 3.01 * kUnitRoundoff * length);
  }
}

TEST(Rope, RejectsPlantedFaults) {
  Random random(4);
  const Positions positions{5, 6, 7};
  const Floats x = gaussian(random, 3 * 2 * 64);
  for (const Style style : kStyles) {
    const Style other = style == Style::neox ? Style::interleaved : Style::neox;
    const Bounded truth = rope(64, style, 1e4, positions, x);
    expect_rejects_planted(truth, x);
    EXPECT_FALSE(inside(float_rope(64, style, 1e4, positions, bfloat16(x)), truth)) << "bfloat16 input";
    EXPECT_FALSE(inside(float_rope(64, other, 1e4, positions, x), truth)) << "the other style";
    EXPECT_FALSE(inside(float_rope(64, style, 5e5, positions, x), truth)) << "another base";
    EXPECT_FALSE(inside(float_rope(64, style, 1e4, {6, 7, 8}, x), truth)) << "positions off by one";
    EXPECT_FALSE(inside(float_rope(64, style, 1e4, {0, 1, 2}, x), truth)) << "a ring's slot for the position";
  }
}

TEST(Rope, SeesATableThatWasComputedInFloat) {
  // At position 131071 an angle in float is off by up to 2^-8 rad.
  const float angle = 131071 * std::pow(1e4f, -2.0f / 64);
  Floats x(64, 0.0f);
  x[1] = 1;
  const Bounded truth = rope(64, Style::neox, 1e4, Positions{131071}, x);
  Floats candidate = rounded(truth);
  candidate[1] = std::cos(angle);
  EXPECT_FALSE(inside(candidate, truth));
}

}  // namespace
}  // namespace bitproof::reference
