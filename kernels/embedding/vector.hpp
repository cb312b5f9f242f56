// The vector loop, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include "embedding/contract.hpp"
#include "simd.hpp"

namespace bitproof::embedding {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int64_t token = call.tokens[b];
    const std::int8_t* row = call.table + token * call.cols;
    const simd::F32 scale = simd::splat(call.row_scale[token]);
    float* out = call.out + b * call.out_stride;
    simd::for_vectors(0, call.cols, [=](std::int64_t i, auto lanes) {
      simd::store(out + i, simd::load(row + i, lanes) * scale, lanes);
    });
  }
}

}  // namespace
}  // namespace bitproof::embedding
