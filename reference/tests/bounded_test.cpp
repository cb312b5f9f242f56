#include "reference/bounded.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace bitproof::reference {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Gamma, IsHighamsConstant) {
  EXPECT_EQ(gamma(0), 0);
  EXPECT_DOUBLE_EQ(gamma(1), 0x1p-24 / (1 - 0x1p-24));
  EXPECT_DOUBLE_EQ(gamma(1 << 23), 1.0);  // n u = 1/2
  EXPECT_EQ(gamma(1 << 24), kInfinity);
  EXPECT_LE(gamma(100) + gamma(28) + gamma(100) * gamma(28), gamma(128));  // lemma 3.3
}

TEST(FirstViolation, AcceptsTheEdgeOfTheBoundAndNamesWhatLiesOutside) {
  const Bounded truth{{1, 2, 3}, {0.5, 0.5, 0}};
  EXPECT_FALSE(first_violation(std::vector{1.5f, 1.5f, 3.0f}, truth));
  const auto violation = first_violation(std::vector{1.0f, 2.0f, 3.0000002f}, truth);
  ASSERT_TRUE(violation);
  EXPECT_EQ(violation->index, 2);
  EXPECT_EQ(violation->want, 3);
  EXPECT_EQ(violation->bound, 0);
}

TEST(FirstViolation, RejectsWhatIsNotFiniteOnEitherSide) {
  for (const float bad : {kNan, std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    EXPECT_TRUE(first_violation(std::vector{bad}, {{0}, {kInfinity}}));
    EXPECT_TRUE(first_violation(std::vector{bad}, {{static_cast<double>(bad)}, {1}}));
  }
  EXPECT_TRUE(first_violation(std::vector{0.0f}, {{0}, {kInfinity}}));
  EXPECT_TRUE(first_violation(std::vector{0.0f}, {{0}, {static_cast<double>(kNan)}}));
}

TEST(FirstViolation, RefusesAShortCandidate) {
  EXPECT_THROW(first_violation(std::vector{1.0f}, {{1, 2}, {0, 0}}), std::invalid_argument);
}

TEST(FirstMismatch, ComparesBits) {
  EXPECT_FALSE(first_mismatch(std::vector{1, 2}, std::vector{1, 2}));
  const auto mismatch = first_mismatch(std::vector{1, 2}, std::vector{1, 3});
  ASSERT_TRUE(mismatch);
  EXPECT_EQ(mismatch->index, 1);
  EXPECT_EQ(mismatch->got, 2);
  EXPECT_EQ(mismatch->want, 3);
  EXPECT_TRUE(first_mismatch(std::vector{0.0f}, std::vector{-0.0f}));
  EXPECT_FALSE(first_mismatch(std::vector{kNan}, std::vector{kNan}));
  EXPECT_THROW(first_mismatch(std::vector{1}, std::vector{1, 2}), std::invalid_argument);
}

TEST(Nmse, KnownValues) {
  EXPECT_EQ(nmse(std::vector{3, 4}, std::vector{3, 4}), 0);
  EXPECT_DOUBLE_EQ(nmse(std::vector{3.0f, 5.0f}, std::vector{3.0, 4.0}), 1.0 / 25);
  EXPECT_DOUBLE_EQ(nmse(std::vector{0, 0}, std::vector{3, 4}), 1);
  EXPECT_EQ(nmse(std::vector{0, 0}, std::vector{0, 0}), 0);
  EXPECT_EQ(nmse(std::vector{0, 1}, std::vector{0, 0}), kInfinity);
  EXPECT_EQ(nmse(std::vector{kNan}, std::vector{1.0f}), kInfinity);
}

TEST(Kld, KnownValues) {
  const std::vector<double> even{0, 0}, odd{std::log(3), 0};  // (1/2, 1/2) and (3/4, 1/4)
  EXPECT_EQ(kld(even, even), 0);
  EXPECT_NEAR(kld(even, odd), 0.5 * std::log(2.0 / 3) + 0.5 * std::log(2), 1e-15);
  EXPECT_NEAR(kld(odd, even), 0.75 * std::log(1.5) + 0.25 * std::log(0.5), 1e-15);
}

TEST(Kld, IgnoresAShiftAndSurvivesLargeLogits) {
  EXPECT_NEAR(kld(std::vector{1.0, 2.0}, std::vector{1001.0, 1002.0}), 0, 1e-12);
  EXPECT_NEAR(kld(std::vector{0.0, -5000.0}, std::vector{0.0, -9000.0}), 0, 1e-12);
  EXPECT_EQ(kld(std::vector{1.0, 2.0}, std::vector{1.0, static_cast<double>(kNan)}), kInfinity);
}

}  // namespace
}  // namespace bitproof::reference
