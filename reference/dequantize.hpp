// The truth of dequantize, exact to the bit: y = float(acc) * (weight_scale / activation_scale), rounded in this order.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitproof::reference {

// acc is [batch x rows], weight_scale [1] or [rows], activation_scale [batch]. Returns [batch x rows].
std::vector<float> dequantize(std::int64_t rows, std::span<const std::int32_t> acc, std::span<const float> weight_scale,
                              std::span<const float> activation_scale);

}  // namespace bitproof::reference
