// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include "gated_ffn/contract.hpp"
#include "simd_exp.hpp"

namespace bitproof::gated_ffn {
namespace {

// Where exp(-x) overflows the quotient is -0.
inline simd::F32 silu(simd::F32 x) { return x / (simd::splat(1.0f) + simd::exp(-x)); }

inline simd::F32 relu_squared(simd::F32 x) {
  const simd::F32 r = simd::max(x, simd::splat(0.0f));
  return r * r;
}

template <class Activate>
void gate(const Call& call, Tile tile, Activate activate) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int64_t row = b * call.stride;
    simd::for_vectors(row + tile.row0, row + tile.row1, [=](std::int64_t i, auto lanes) {
      const simd::F32 activated = activate(simd::load(call.gate + i, lanes));
      simd::store(call.y + i, activated * simd::load(call.up + i, lanes), lanes);
    });
  }
}

void run(const Call& call, Tile tile) {
  if (call.activation == Activation::silu) {
    gate(call, tile, [](simd::F32 x) { return silu(x); });
  } else {
    gate(call, tile, [](simd::F32 x) { return relu_squared(x); });
  }
}

}  // namespace
}  // namespace bitproof::gated_ffn
