// The truth of embedding, exact to the bit: float(table[token]) * row_scale[token].
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitproof::reference {

// table is [vocab x cols], row_scale [vocab]. Returns [tokens x cols].
std::vector<float> embedding(std::int64_t cols, std::span<const std::int32_t> tokens,
                             std::span<const std::int8_t> table, std::span<const float> row_scale);

}  // namespace bitproof::reference
