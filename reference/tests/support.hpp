// What the tests of the oracles share: seeded data, candidates of float quality in any order, and lower-precision ones.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "reference/bounded.hpp"

namespace bitproof::reference {

using Floats = std::vector<float>;
using Bytes = std::vector<std::int8_t>;
using Random = std::mt19937_64;

inline Floats gaussian(Random& random, std::int64_t n, float sigma = 1) {
  std::normal_distribution<float> draw(0, sigma);
  Floats x(static_cast<std::size_t>(n));
  for (float& value : x) value = draw(random);
  return x;
}

// Integers in [-limit, limit].
inline Bytes integers(Random& random, std::int64_t n, int limit) {
  std::uniform_int_distribution<int> draw(-limit, limit);
  Bytes x(static_cast<std::size_t>(n));
  for (std::int8_t& value : x) value = static_cast<std::int8_t>(draw(random));
  return x;
}

// 0 .. n - 1 in random order: an order of summation.
inline std::vector<std::size_t> any_order(Random& random, std::size_t n) {
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::shuffle(order.begin(), order.end(), random);
  return order;
}

// Truncated to bfloat16's 8 significant bits: what a kernel of too low precision would compute with.
inline Floats bfloat16(Floats x) {
  for (float& value : x) value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xffff0000u);
  return x;
}

inline ::testing::AssertionResult inside(const Floats& candidate, const Bounded& truth) {
  const auto violation = first_violation(candidate, truth);
  if (!violation) return ::testing::AssertionSuccess() << "every element is inside its bound";
  return ::testing::AssertionFailure() << "at " << violation->index << ": got " << violation->got << ", want "
                                       << violation->want << " +- " << violation->bound;
}

// Candidates that an op's gate must reject whatever the op: no result, one number everywhere, everything one row off,
// and a copy of the input.
inline void expect_rejects_planted(const Bounded& truth, const Floats& input) {
  const std::size_t n = truth.value.size();
  EXPECT_FALSE(inside(Floats(n, 0.0f), truth)) << "zeros";
  const double mean = std::accumulate(truth.value.begin(), truth.value.end(), 0.0) / static_cast<double>(n);
  EXPECT_FALSE(inside(Floats(n, static_cast<float>(mean)), truth)) << "the mean";
  Floats rotated = rounded(truth);
  std::rotate(rotated.begin(), rotated.begin() + 1, rotated.end());
  EXPECT_FALSE(inside(rotated, truth)) << "rotated by one";
  ASSERT_EQ(input.size(), n);
  EXPECT_FALSE(inside(input, truth)) << "a copy of the input";
  Floats poisoned = rounded(truth);
  ASSERT_TRUE(inside(poisoned, truth));
  poisoned[n / 2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(inside(poisoned, truth)) << "one NaN";
}

}  // namespace bitproof::reference
