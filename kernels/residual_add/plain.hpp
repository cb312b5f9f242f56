// The plain loop, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include "residual_add/contract.hpp"

namespace bitproof::residual_add {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* __restrict y = call.y + b * call.stride;
    float* __restrict h = call.h + b * call.stride;
    for (std::int64_t i = tile.row0; i < tile.row1; ++i) h[i] += y[i];
  }
}

}  // namespace
}  // namespace bitproof::residual_add
