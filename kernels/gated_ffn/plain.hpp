// The plain loops, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include <cmath>

#include "gated_ffn/contract.hpp"

namespace bitproof::gated_ffn {
namespace {

// Where exp(-x) overflows the quotient is -0.
float silu(float x) { return x / (1.0f + std::exp(-x)); }

float relu_squared(float x) {
  const float r = x > 0.0f ? x : 0.0f;
  return r * r;
}

template <class Activate>
void gate(const Call& call, Tile tile, Activate activate) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const std::int64_t row = b * call.stride;
    for (std::int64_t i = row + tile.row0; i < row + tile.row1; ++i) call.y[i] = activate(call.gate[i]) * call.up[i];
  }
}

void run(const Call& call, Tile tile) {
  if (call.activation == Activation::silu) {
    gate(call, tile, [](float x) { return silu(x); });
  } else {
    gate(call, tile, [](float x) { return relu_squared(x); });
  }
}

}  // namespace
}  // namespace bitproof::gated_ffn
