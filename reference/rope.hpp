// The truth of RoPE: each pair (a, b) turned by position * base^(-2i / head_dim), angles and products in double.
//
// Bound. The kernel reads a float table, so c = cos t and s = sin t carry one rounding each; a c - b s costs a product
// and a subtraction more (less with FMA). Each term has three: |error| <= gamma_3 (|a c| + |b s|). The table's angle
// was computed in double by other code than ours: pow()'s exponent is off by 2^-53 relative, which base^x multiplies by
// ln(base) < 2^4, so the angle is off by kAngleError |t| and each output by at most that times |a| + |b|.
#pragma once

#include <cstdint>
#include <span>

#include "reference/bounded.hpp"
#include "rope/contract.hpp"

namespace bitproof::reference {

inline constexpr double kAngleError = 0x1p-48;

// x is [positions x heads * head_dim], row b at logical position positions[b].
Bounded rope(std::int64_t head_dim, rope::Style style, double base, std::span<const std::int64_t> positions,
             std::span<const float> x);

}  // namespace bitproof::reference
