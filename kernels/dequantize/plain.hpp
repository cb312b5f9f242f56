// The plain loop, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include "dequantize/contract.hpp"

namespace bitproof::dequantize {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int32_t* __restrict acc = call.acc + b * call.acc_stride;
    const float* __restrict weight_scale = call.weight_scale;
    float* __restrict y = call.y + b * call.y_stride;
    const float s = call.activation_scale[b];
    if (call.scale_per_row) {
      for (std::int64_t i = tile.row0; i < tile.row1; ++i) y[i] = static_cast<float>(acc[i]) * (weight_scale[i] / s);
    } else {
      const float scale = weight_scale[0] / s;
      for (std::int64_t i = tile.row0; i < tile.row1; ++i) y[i] = static_cast<float>(acc[i]) * scale;
    }
  }
}

}  // namespace
}  // namespace bitproof::dequantize
