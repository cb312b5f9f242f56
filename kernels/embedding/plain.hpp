// The plain loop, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include "embedding/contract.hpp"

namespace bitproof::embedding {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int64_t token = call.tokens[b];
    const std::int8_t* __restrict row = call.table + token * call.cols;
    const float scale = call.row_scale[token];
    float* __restrict out = call.out + b * call.out_stride;
    for (std::int64_t i = 0; i < call.cols; ++i) out[i] = static_cast<float>(row[i]) * scale;
  }
}

}  // namespace
}  // namespace bitproof::embedding
