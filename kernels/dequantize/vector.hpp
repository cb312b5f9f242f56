// The vector loop, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include "dequantize/contract.hpp"
#include "simd.hpp"

namespace bitproof::dequantize {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int32_t* acc = call.acc + b * call.acc_stride;
    const float* weight_scale = call.weight_scale;
    float* y = call.y + b * call.y_stride;
    const float s = call.activation_scale[b];
    if (call.scale_per_row) {
      simd::for_vectors(tile.row0, tile.row1, [=](std::int64_t i, auto lanes) {
        const simd::F32 scale = simd::load(weight_scale + i, lanes) / simd::splat(s);
        simd::store(y + i, simd::load(acc + i, lanes) * scale, lanes);
      });
    } else {
      const simd::F32 scale = simd::splat(weight_scale[0] / s);
      simd::for_vectors(tile.row0, tile.row1, [=](std::int64_t i, auto lanes) {
        simd::store(y + i, simd::load(acc + i, lanes) * scale, lanes);
      });
    }
  }
}

}  // namespace
}  // namespace bitproof::dequantize
