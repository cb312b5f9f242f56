// The truth of activation_quant, exact to the bit: s = 127 / max(max|x|, 1e-5), v = round_to_nearest_even(x * s).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitproof::reference {

struct Quantized {
  std::vector<std::int8_t> v;  // [batch x cols], unpadded
  std::vector<float> scale;    // [batch]
};

// x is [batch x cols], finite.
Quantized activation_quant(std::int64_t cols, std::span<const float> x);

}  // namespace bitproof::reference
