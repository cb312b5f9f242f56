// What a variant's float exponential may cost: the allowance in the bounds of attention and of SiLU.
#pragma once

#include "reference/bounded.hpp"

namespace bitproof::reference {

// Units in the last place by which exp(x) may be off, x being the float it is given. A degree-5 or 6 polynomial on
// [-ln 2 / 2, ln 2 / 2] with a two-part ln 2 costs 1 to 2; 4 leaves room for cheaper ones and none for a half-precision
// one.
inline constexpr double kExpUlp = 4;
inline constexpr double kExpError = kExpUlp * 2 * kUnitRoundoff;  // relative: one ulp is at most 2 u

// An exponential (or a reciprocal of one) below this may come out as anything from 0 to this: variants clamp their
// argument near -87, where float's normal numbers end, or flush to zero.
inline constexpr double kExpFloor = 0x1p-125;

}  // namespace bitproof::reference
