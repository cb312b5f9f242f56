// The truth of ternary_matmul and dense_matmul: y = W . x in exact integers.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/matmul.hpp"

namespace bitproof::reference {

// w is [rows x cols], x is [batch x cols], y is [batch x rows], all row-major and unpadded; cols <= matmul::kMaxCols.
void integer_matmul(matmul::Shape shape, std::span<const std::int8_t> w, std::span<const std::int8_t> x,
                    std::span<std::int32_t> y);

}  // namespace bitproof::reference
