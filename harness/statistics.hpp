// From samples to an estimate. No sample is ever dropped: an outlier is a finding, and the median is not moved by it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitproof {

// Every function here throws std::invalid_argument on an empty list or a value that is not finite.

// Hyndman and Fan's type 7 (R's and NumPy's default): linear between order statistics, x[(n - 1) p] counted from 0.
double quantile(std::vector<double> samples, double p);
double median(std::vector<double> samples);
double lower_median(std::vector<double> samples);        // one of the samples: of an even number, the lower middle one
double geometric_mean(std::span<const double> samples);  // throws also on values <= 0

// The median with its 95 % interval.
//   n >= 6  percentile bootstrap of the median: 95 % is nominal, 0.89 (n = 7) to 0.96 were simulated on a log-normal.
//   n < 6   the range of the samples. That is the order-statistic interval: it covers the median of any continuous
//           distribution with probability 1 - 2^(1 - n), which five samples cannot lift to 95 % (they reach 93.75 %)
//           and one sample leaves at 0. `coverage` says which.
struct Estimate {
  double median, ci_low, ci_high;
  double p5, p95, min;
  double coverage;
  std::vector<double> samples;  // as given, in order
};

inline constexpr std::uint64_t kBootstrapSeed = 0x62697470726f6f66;
Estimate estimate(std::vector<double> samples, std::uint64_t seed = kBootstrapSeed);

// Student's t for the mean of values that may be taken as independent. One value: an infinite half-width.
struct MeanInterval {
  double mean, half_width;
};
MeanInterval mean_interval(std::span<const double> values, double confidence);

// Welch's t for the difference of two means, a - b; infinite where one of the lists has a single value.
MeanInterval difference_interval(std::span<const double> a, std::span<const double> b, double confidence);

double variance(std::span<const double> values);  // unbiased; 0 of one value

// Half of the width of Student's interval; infinite for no degrees of freedom, which need not be whole.
double t_half_width(double degrees_of_freedom, double standard_error, double confidence);

// Paired ratio: numerator[i] / denominator[i] were measured in the same round, so what slows a whole round cancels.
// The interval is Student's t on the logarithms, and so belongs to the geometric mean; the median of the ratios stands
// beside it, and a skewed list shows in their difference. One pair: 0 and infinity, for one pair bounds nothing.
struct RatioEstimate {
  double median, geometric_mean;
  double ci_low, ci_high;
  std::vector<double> ratios;
};

RatioEstimate ratio_estimate(std::span<const double> numerator, std::span<const double> denominator,
                             double confidence = 0.95);

}  // namespace bitproof
