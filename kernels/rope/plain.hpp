// The plain loops, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include "rope/contract.hpp"

namespace bitproof::rope {
namespace {

void rotate(float& a, float& b, float cos, float sin) {
  const float rotated = a * cos - b * sin;
  b = a * sin + b * cos;
  a = rotated;
}

void run(const Call& call, Tile tile) {
  const std::int64_t half = call.head_dim / 2;
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* __restrict cos = call.cos + b * half;
    const float* __restrict sin = call.sin + b * half;
    for (std::int64_t head = tile.row0; head < tile.row1; ++head) {
      float* __restrict x = call.x + b * call.x_stride + head * call.head_dim;
      if (call.style == Style::neox) {
        for (std::int64_t i = 0; i < half; ++i) rotate(x[i], x[half + i], cos[i], sin[i]);
      } else {
        for (std::int64_t i = 0; i < half; ++i) rotate(x[2 * i], x[2 * i + 1], cos[i], sin[i]);
      }
    }
  }
}

}  // namespace
}  // namespace bitproof::rope
