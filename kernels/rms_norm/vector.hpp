// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include <cmath>

#include "rms_norm/contract.hpp"
#include "simd.hpp"

namespace bitproof::rms_norm {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* x = call.x + b * call.x_stride;
    const float* weight = call.weight;
    float* y = call.y + b * call.y_stride;
    // In double: once a row it costs nothing, and it leaves a single rounding between the sum and the factor.
    const double mean_square = static_cast<double>(simd::dot(x, x, call.cols)) / static_cast<double>(call.cols);
    const simd::F32 factor =
        simd::splat(static_cast<float>(1.0 / std::sqrt(mean_square + static_cast<double>(call.eps))));
    simd::for_vectors(0, call.cols, [=](std::int64_t i, auto lanes) {
      simd::store(y + i, simd::load(x + i, lanes) * factor * simd::load(weight + i, lanes), lanes);
    });
  }
}

}  // namespace
}  // namespace bitproof::rms_norm
