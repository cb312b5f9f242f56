#include "statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "rng.hpp"

namespace bitproof {
namespace {

constexpr int kResamples = 2000;
constexpr std::size_t kFewestForBootstrap = 6;

void require_finite(std::span<const double> samples) {
  if (samples.empty()) throw std::invalid_argument("statistics of no samples");
  if (!std::ranges::all_of(samples, [](double x) { return std::isfinite(x); })) {
    throw std::invalid_argument("statistics of a sample that is not finite");
  }
}

double mean(std::span<const double> x) {
  double sum = 0;
  for (double v : x) sum += v;
  return sum / static_cast<double>(x.size());
}

std::vector<double> logarithms(std::span<const double> samples) {
  require_finite(samples);
  std::vector<double> logs;
  for (double x : samples) {
    if (x <= 0) throw std::invalid_argument("logarithm of a sample that is not positive");
    logs.push_back(std::log(x));
  }
  return logs;
}

std::vector<double> bootstrap_medians(const std::vector<double>& samples, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> medians(kResamples), resample(samples.size());
  for (double& m : medians) {
    for (double& x : resample) x = samples[rng.below(samples.size())];
    m = median(resample);
  }
  return medians;
}

}  // namespace

double quantile(std::vector<double> samples, double p) {
  require_finite(samples);
  if (!(p >= 0 && p <= 1)) throw std::invalid_argument("quantile outside [0, 1]");
  const double position = static_cast<double>(samples.size() - 1) * p;
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(samples.begin(), nth, samples.end());
  const double fraction = position - std::floor(position);
  if (fraction == 0) return *nth;
  return std::lerp(*nth, *std::min_element(nth + 1, samples.end()), fraction);
}

double median(std::vector<double> samples) { return quantile(std::move(samples), 0.5); }

double lower_median(std::vector<double> samples) {
  require_finite(samples);
  const auto middle = samples.begin() + (std::ssize(samples) - 1) / 2;
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

double geometric_mean(std::span<const double> samples) { return std::exp(mean(logarithms(samples))); }

Estimate estimate(std::vector<double> samples, std::uint64_t seed) {
  Estimate e{.median = median(samples),
             .ci_low = std::ranges::min(samples),
             .ci_high = std::ranges::max(samples),
             .p5 = quantile(samples, 0.05),
             .p95 = quantile(samples, 0.95),
             .min = std::ranges::min(samples),
             .coverage = 1 - std::exp2(1 - static_cast<double>(samples.size())),
             .samples = {}};
  if (samples.size() >= kFewestForBootstrap) {
    const std::vector<double> medians = bootstrap_medians(samples, seed);
    e.ci_low = quantile(medians, 0.025);
    e.ci_high = quantile(medians, 0.975);
    e.coverage = 0.95;
  }
  e.samples = std::move(samples);
  return e;
}

double t_half_width(double degrees_of_freedom, double standard_error, double confidence) {
  if (degrees_of_freedom <= 0) return std::numeric_limits<double>::infinity();
  const boost::math::students_t t(degrees_of_freedom);
  return boost::math::quantile(t, 0.5 + confidence / 2) * standard_error;
}

double variance(std::span<const double> values) {
  require_finite(values);
  if (values.size() == 1) return 0;
  const double centre = mean(values);
  double squares = 0;
  for (double x : values) squares += (x - centre) * (x - centre);
  return squares / static_cast<double>(values.size() - 1);
}

MeanInterval mean_interval(std::span<const double> values, double confidence) {
  require_finite(values);
  const auto n = static_cast<double>(values.size());
  return {mean(values), t_half_width(n - 1, std::sqrt(variance(values) / n), confidence)};
}

MeanInterval difference_interval(std::span<const double> a, std::span<const double> b, double confidence) {
  require_finite(a);
  require_finite(b);
  const auto na = static_cast<double>(a.size()), nb = static_cast<double>(b.size());
  const double va = variance(a) / na, vb = variance(b) / nb;
  const double degrees = a.size() < 2 || b.size() < 2 ? 0
                         : va + vb == 0               ? na + nb - 2
                                        : (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
  return {mean(a) - mean(b), t_half_width(degrees, std::sqrt(va + vb), confidence)};
}

RatioEstimate ratio_estimate(std::span<const double> numerator, std::span<const double> denominator,
                             double confidence) {
  if (numerator.size() != denominator.size()) throw std::invalid_argument("paired ratio of lists of unequal length");
  std::vector<double> ratios(numerator.size());
  std::ranges::transform(numerator, denominator, ratios.begin(), std::divides{});

  const auto [centre, half_width] = mean_interval(logarithms(ratios), confidence);
  return {median(ratios), std::exp(centre), std::exp(centre - half_width), std::exp(centre + half_width),
          std::move(ratios)};
}

}  // namespace bitproof
