// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp. Without FMA, so that they equal the plain loops.
#pragma once

#include "rope/contract.hpp"
#include "simd.hpp"

namespace bitproof::rope {
namespace {

void rotate_halves(float* x, const float* cos, const float* sin, std::int64_t half) {
  simd::for_vectors(0, half, [=](std::int64_t i, auto lanes) {
    const simd::F32 a = simd::load(x + i, lanes);
    const simd::F32 b = simd::load(x + half + i, lanes);
    const simd::F32 c = simd::load(cos + i, lanes);
    const simd::F32 s = simd::load(sin + i, lanes);
    simd::store(x + i, a * c - b * s, lanes);
    simd::store(x + half + i, a * s + b * c, lanes);
  });
}

// (a0, b0, a1, b1, ...) * (c0, c0, ...) + (b0, a0, b1, a1, ...) * (-s0, s0, ...)
void rotate_neighbours(float* x, const float* cos, const float* sin, std::int64_t half) {
  simd::for_vectors(0, 2 * half, [=](std::int64_t i, auto lanes) {
    const simd::F32 pairs = simd::load(x + i, lanes);
    const simd::F32 c = simd::load_twice(cos + i / 2, lanes);
    const simd::F32 s = simd::negate_even(simd::load_twice(sin + i / 2, lanes));
    simd::store(x + i, pairs * c + simd::swap_pairs(pairs) * s, lanes);
  });
}

void run(const Call& call, Tile tile) {
  const std::int64_t half = call.head_dim / 2;
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* cos = call.cos + b * half;
    const float* sin = call.sin + b * half;
    for (std::int64_t head = tile.row0; head < tile.row1; ++head) {
      float* x = call.x + b * call.x_stride + head * call.head_dim;
      if (call.style == Style::neox) {
        rotate_halves(x, cos, sin, half);
      } else {
        rotate_neighbours(x, cos, sin, half);
      }
    }
  }
}

}  // namespace
}  // namespace bitproof::rope
