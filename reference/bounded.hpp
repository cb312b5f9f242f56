// How a candidate is judged against the truth: per-element bounds, equality, and the two distances that approximate
// kernels are gated by.
//
// The bounds of the oracles are forward error bounds in the standard model of N. J. Higham, Accuracy and Stability of
// Numerical Algorithms (2nd ed., SIAM 2002):
//
//   fl(a op b) = (a op b)(1 + d), |d| <= u                                        section 2.2; also for sqrt and FMA
//   a product of n factors (1 + d)^(+-1) is 1 + t_n, |t_n| <= gamma_n             lemma 3.1
//   (1 + t_j)(1 + t_k) = 1 + t_(j+k)                                              lemma 3.3
//   a dot product of length n, summed in any order: |error| <= gamma_n |x|.|y|    section 3.1
//   a sum of n terms in any order: each term carries at most n - 1 of the d       section 4.2
//
// A product or quotient that underflows adds an absolute error of at most kUnderflow. Overflow is not modelled: inputs
// are such that no intermediate float overflows. The truth is computed in double, whose own rounding is 2^-29 of what
// each bound grants the candidate for the same operation.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "reference/require.hpp"

namespace bitproof::reference {

inline constexpr double kUnitRoundoff = 0x1p-24;  // u of float, round to nearest
inline constexpr double kUnderflow = 0x1p-149;    // spacing of float's subnormals

// gamma_n = n u / (1 - n u); infinite, that is useless, from n u = 1 on.
constexpr double gamma(double n) {
  const double nu = n * kUnitRoundoff;
  return nu < 1 ? nu / (1 - nu) : std::numeric_limits<double>::infinity();
}

// The gate: |candidate - value| <= bound, element by element.
//
// An oracle that takes an `error` bounds a candidate whose own input x' is not x but within that error of it, element
// by element: |candidate(x') - f(x)| <= |candidate(x') - f(x')| + |f(x') - f(x)|. No error: the inputs are identical.
struct Bounded {
  std::vector<double> value, bound;
};

struct Violation {
  std::int64_t index;
  double got, want, bound;
};

// A NaN or Inf in the candidate always violates, and a bound that is not finite clears nothing.
std::optional<Violation> first_violation(std::span<const float> candidate, const Bounded& truth);

// Correctly rounded values: what an ideal float implementation would return.
std::vector<float> rounded(const Bounded& truth);

template <class T>
struct Mismatch {
  std::int64_t index;
  T got, want;
};

// Bit equality, also for floats: +0 is not -0. Both are contiguous ranges of one element type.
template <class Got, class Want>
auto first_mismatch(const Got& got, const Want& want) -> std::optional<Mismatch<typename Got::value_type>> {
  using T = typename Got::value_type;
  static_assert(std::is_same_v<T, typename Want::value_type>);
  require(std::size(got) == std::size(want), "first_mismatch: sizes differ");
  for (std::size_t i = 0; i < std::size(got); ++i) {
    if (std::memcmp(&got[i], &want[i], sizeof(T)) != 0)
      return Mismatch<T>{static_cast<std::int64_t>(i), got[i], want[i]};
  }
  return std::nullopt;
}

// Normalised mean squared error, sum (candidate - reference)^2 / sum reference^2. Infinite where it has no value: any
// non-finite number, or a zero reference that the candidate does not match.
template <class Candidate, class Reference>
double nmse(const Candidate& candidate, const Reference& reference) {
  require(std::size(candidate) == std::size(reference), "nmse: sizes differ");
  double noise = 0, signal = 0;
  for (std::size_t i = 0; i < std::size(candidate); ++i) {
    const double want = static_cast<double>(reference[i]);
    const double error = static_cast<double>(candidate[i]) - want;
    noise += error * error;
    signal += want * want;
  }
  if (noise == 0) return 0;
  const double ratio = noise / signal;
  return std::isfinite(ratio) ? ratio : std::numeric_limits<double>::infinity();
}

// Kullback-Leibler divergence D(P || Q) in nats, P = softmax(logits_p) being the truth. Infinite if any logit is not
// finite.
double kld(std::span<const double> logits_p, std::span<const double> logits_q);

}  // namespace bitproof::reference
