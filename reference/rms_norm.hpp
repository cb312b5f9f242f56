// The truth of RMSNorm: y = x * (1 / sqrt(mean(x^2) + eps)) * weight, in double.
//
// Bound. The n squares are summed in any order: a term sees one product and at most n - 1 additions. The mean costs one
// rounding (a division) or two (times a rounded 1 / n), adding eps one more. All addends are positive, so the computed
// mean is M (1 + t), |t| <= g = gamma_(n+3). The square root halves that: |(1 + t)^(-1/2) - 1| <= (1 - g)^(-1/2) - 1.
// The square root itself, the reciprocal and the two products round once each. Relative, all together:
//
//   (1 - g)^(-1/2) (1 + gamma_4) - 1  =  gamma_n / 2 + 5.5 u  to first order
//
// of which 4 u are the last four roundings and 1.5 u half of mean and eps.
#pragma once

#include <cstdint>
#include <span>

#include "reference/bounded.hpp"

namespace bitproof::reference {

// Inputs within e of x: M moves by at most dM = mean(2 |x| e + e^2), so 1 / sqrt(M) by a factor of at most 1 + t,
// t = (1 - dM / M)^(-1/2) - 1, and y_i by |weight_i| (|x_i| t + e_i (1 + t)) / sqrt(M).
//
// x is [batch x weight.size()]; eps > 0. `rounded` is the n of the bound: 0 where the squares and all their partial
// sums are exact in float, as those of small integers are.
Bounded rms_norm(std::span<const float> x, std::span<const float> weight, float eps, std::int64_t rounded,
                 std::span<const double> error = {});
inline Bounded rms_norm(std::span<const float> x, std::span<const float> weight, float eps,
                        std::span<const double> error = {}) {
  return rms_norm(x, weight, eps, std::ssize(weight), error);
}

}  // namespace bitproof::reference
