// The truth of activation_quant, exact to the bit: s = 127 / max(max|x|, 1e-5), v = round_to_nearest_even(x * s).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "reference/bounded.hpp"

namespace bitproof::reference {

struct Quantized {
  std::vector<std::int8_t> v;  // [batch x cols], unpadded
  std::vector<float> scale;    // [batch]
};

// x is [batch x cols], finite.
Quantized activation_quant(std::int64_t cols, std::span<const float> x);

// Where v depends on how x was rounded: the elements whose x * s lies so near to a tie k + 1/2 that a float x' within
// its bound of x, or x rounded, may fall on either side. Two of them can differ there, by one, and nowhere else.
//
// Let m = max(max|x|, 1e-5), S = 127 / m, B_i = max(bound_i, u |x_i|) and B = max B_i < m. Then |m' - m| <= B, the
// computed s' = fl(127 / m') is S (1 + t) with |t| <= B / (m - B) + u and second-order terms, and the product rounds
// once. So every fl(x'_i s') is within
//
//   e_i = S ((|x_i| + B_i) ((1 + B / (m - B)) (1 + gamma_2) - 1) + B_i)
//
// of S x_i, and only a tie within e_i of it can lie between two of them.
std::vector<bool> near_tie(std::int64_t cols, const Bounded& x);

}  // namespace bitproof::reference
