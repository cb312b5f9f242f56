#include "statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "rng.hpp"

namespace bitproof {
namespace {

TEST(Quantile, IsTypeSeven) {
  // R: quantile(c(1, 2, 4, 8), c(0, .1, .25, .5, .9, 1)), in any order of the samples.
  const std::vector<double> x = {8, 1, 4, 2};
  EXPECT_DOUBLE_EQ(quantile(x, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(x, 0.1), 1.3);
  EXPECT_DOUBLE_EQ(quantile(x, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(quantile(x, 0.5), 3);
  EXPECT_DOUBLE_EQ(quantile(x, 0.9), 6.8);
  EXPECT_DOUBLE_EQ(quantile(x, 1), 8);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.3), 7);
}

TEST(Median, OfOddAndEvenCounts) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 3, 2}), 2.5);
  EXPECT_EQ(lower_median({4, 1, 3, 2}), 2);
  EXPECT_EQ(lower_median({3, 1, 2}), 2);
  EXPECT_EQ(lower_median({5}), 5);
}

TEST(Statistics, RefuseWhatHasNoAnswer) {
  const std::vector<double> two = {1, 2}, negative = {1, -2};
  EXPECT_THROW(median({}), std::invalid_argument);
  EXPECT_THROW(estimate({}), std::invalid_argument);
  EXPECT_THROW(estimate({1, std::numeric_limits<double>::quiet_NaN()}), std::invalid_argument);
  EXPECT_THROW(quantile({1}, 1.5), std::invalid_argument);
  EXPECT_THROW(geometric_mean(negative), std::invalid_argument);
  EXPECT_THROW(ratio_estimate(two, std::vector<double>{1}), std::invalid_argument);
  EXPECT_THROW(ratio_estimate(two, std::vector<double>{0, 1}), std::invalid_argument);
}

TEST(GeometricMean, OfPowersOfTwo) { EXPECT_DOUBLE_EQ(geometric_mean(std::vector<double>{1, 2, 4, 8, 16}), 4); }

TEST(Estimate, OfFewSamplesIsTheirRangeAndSaysItsCoverage) {
  const Estimate e = estimate({5, 1, 3});
  EXPECT_EQ(e.median, 3);
  EXPECT_EQ(e.ci_low, 1);
  EXPECT_EQ(e.ci_high, 5);
  EXPECT_DOUBLE_EQ(e.coverage, 0.75);
  EXPECT_EQ(e.samples, (std::vector<double>{5, 1, 3}));
  EXPECT_DOUBLE_EQ(estimate({1}).coverage, 0);
}

TEST(Estimate, KeepsOutliersAndIsNotMovedByThem) {
  const Estimate e = estimate({10, 11, 12, 13, 14, 15, 16, 17, 18, 1e9});
  EXPECT_EQ(e.samples.size(), 10u);
  EXPECT_EQ(e.samples.back(), 1e9);
  EXPECT_DOUBLE_EQ(e.median, 14.5);
  EXPECT_EQ(e.min, 10);
  EXPECT_LT(e.ci_high, 18.5);
  EXPECT_GT(e.p95, 1e8);
}

TEST(Estimate, IsDeterministicAndItsSeedMatters) {
  std::vector<double> x(40);
  Rng rng(3);
  for (double& v : x) v = rng.gaussian();
  EXPECT_EQ(estimate(x, 1).ci_low, estimate(x, 1).ci_low);
  EXPECT_NE(estimate(x, 1).ci_low + estimate(x, 1).ci_high, estimate(x, 2).ci_low + estimate(x, 2).ci_high);
}

// The bootstrap distribution of the median of 1..11 is known: P(median* <= k) = P(Binomial(11, k/11) >= 6), which is
// 0.0072 at 2 and 0.0512 at 3. So its 2.5 % quantile is 3, and by symmetry the other 9.
TEST(Estimate, BootstrapAgreesWithItsExactDistribution) {
  std::vector<double> x(11);
  std::iota(x.begin(), x.end(), 1.0);
  const Estimate e = estimate(x);
  EXPECT_EQ(e.ci_low, 3);
  EXPECT_EQ(e.ci_high, 9);
}

// 400 experiments: the standard error of a coverage of 0.95 is 0.011.
TEST(Estimate, IntervalCoversTheMedianOfASkewedDistribution) {
  Rng rng(11);
  int covered = 0;
  for (int experiment = 0; experiment < 400; ++experiment) {
    std::vector<double> x(15);
    for (double& v : x) v = std::exp(rng.gaussian());  // median 1
    const Estimate e = estimate(std::move(x), rng.next());
    covered += e.ci_low <= 1 && 1 <= e.ci_high;
  }
  EXPECT_GE(covered, 400 * 0.91);
  EXPECT_LE(covered, 400 * 0.99);
}

TEST(RatioEstimate, HandComputed) {
  // log2 of the ratios: 0, 1, 2. Mean 1, standard error 1/sqrt(3), t(0.975, 2) = 4.302653 (any t table).
  const RatioEstimate r = ratio_estimate(std::vector<double>{3, 10, 28}, std::vector<double>{3, 5, 7});
  EXPECT_EQ(r.ratios, (std::vector<double>{1, 2, 4}));
  EXPECT_DOUBLE_EQ(r.median, 2);
  EXPECT_DOUBLE_EQ(r.geometric_mean, 2);
  EXPECT_NEAR(std::log2(r.ci_low), 1 - 4.302653 / std::sqrt(3.0), 1e-6);
  EXPECT_NEAR(std::log2(r.ci_high), 1 + 4.302653 / std::sqrt(3.0), 1e-6);
}

TEST(RatioEstimate, PairingCancelsWhatARoundShares) {
  const std::vector<double> a = {2, 20, 200, 2000}, b = {1, 10, 100, 1000};
  const RatioEstimate r = ratio_estimate(a, b);
  EXPECT_NEAR(r.ci_low, 2, 1e-12);
  EXPECT_NEAR(r.ci_high, 2, 1e-12);
}

TEST(RatioEstimate, OnePairBoundsNothing) {
  const RatioEstimate r = ratio_estimate(std::vector<double>{4}, std::vector<double>{2});
  EXPECT_EQ(r.median, 2);
  EXPECT_EQ(r.ci_low, 0);
  EXPECT_EQ(r.ci_high, std::numeric_limits<double>::infinity());
}

TEST(RatioEstimate, IntervalCoversTheTrueRatio) {
  Rng rng(5);
  int covered = 0;
  for (int experiment = 0; experiment < 1000; ++experiment) {
    std::vector<double> a(6), b(6);
    for (int i = 0; i < 6; ++i) {
      const double round = std::exp(rng.gaussian());
      a[i] = 1.5 * round * std::exp(0.1 * rng.gaussian());
      b[i] = round * std::exp(0.1 * rng.gaussian());
    }
    const RatioEstimate r = ratio_estimate(a, b);
    covered += r.ci_low <= 1.5 && 1.5 <= r.ci_high;
  }
  EXPECT_NEAR(covered, 950, 28);  // four standard errors
}

}  // namespace
}  // namespace bitproof
