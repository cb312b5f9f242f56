// The vector loop, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include "residual_add/contract.hpp"
#include "simd.hpp"

namespace bitproof::residual_add {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* y = call.y + b * call.stride;
    float* h = call.h + b * call.stride;
    simd::for_vectors(tile.row0, tile.row1, [=](std::int64_t i, auto lanes) {
      simd::store(h + i, simd::load(h + i, lanes) + simd::load(y + i, lanes), lanes);
    });
  }
}

}  // namespace
}  // namespace bitproof::residual_add
