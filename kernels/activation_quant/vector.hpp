// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include <cstring>

#include "activation_quant/contract.hpp"
#include "simd.hpp"

namespace bitproof::activation_quant {
namespace {

float absmax(const float* x, std::int64_t n) {
  using simd::kChains, simd::kLanes;
  simd::F32 largest[kChains];
  for (simd::F32& chain : largest) chain = simd::splat(kMinAbsmax);
  std::int64_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    for (int c = 0; c < kChains; ++c) largest[c] = simd::max(simd::abs(simd::load(x + i + c * kLanes)), largest[c]);
  }
  simd::for_vectors(i, n, [&](std::int64_t j, auto lanes) {
    largest[0] = simd::max(simd::abs(simd::load(x + j, lanes)), largest[0]);
  });
  return simd::largest(simd::max(simd::max(largest[0], largest[1]), simd::max(largest[2], largest[3])));
}

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* x = call.x + b * call.x_stride;
    std::int8_t* v = call.v + b * call.v_stride;
    const float s = 127.0f / absmax(x, call.cols);
    call.scale[b] = s;
    const simd::F32 scale = simd::splat(s);
    simd::for_vectors(0, call.cols,
                      [=](std::int64_t i, auto lanes) { simd::store(v + i, simd::load(x + i, lanes) * scale, lanes); });
    std::memset(v + call.cols, 0, static_cast<std::size_t>(call.v_stride - call.cols));
  }
}

}  // namespace
}  // namespace bitproof::activation_quant
