// The plain loops, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include <bit>
#include <cstring>

#include "activation_quant/contract.hpp"

namespace bitproof::activation_quant {
namespace {

// Non-negative floats are ordered as their bits are. An integer maximum may be taken in any order, which lets the
// compiler vectorize it, and its latency is half of maxss.
float absmax(const float* x, std::int64_t n) {
  std::uint32_t largest = std::bit_cast<std::uint32_t>(kMinAbsmax);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::uint32_t magnitude = std::bit_cast<std::uint32_t>(x[i]) & 0x7fffffffu;
    largest = magnitude > largest ? magnitude : largest;
  }
  return std::bit_cast<float>(largest);
}

// |x| <= 2^22, to nearest even. Next to 1.5 * 2^23 floats are 1 apart, so the addition rounds, and leaves the integer
// in two's complement in the low bits. Unlike lrint, every compiler vectorizes it. NaN and Inf give some int8.
std::int8_t round_to_i8(float x) { return static_cast<std::int8_t>(std::bit_cast<std::uint32_t>(x + 0x1.8p23f)); }

void run(const Call& call, Tile tile) {
  const std::int64_t cols = call.cols;  // a copy: an int8 store may alias anything
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* __restrict x = call.x + b * call.x_stride;
    std::int8_t* __restrict v = call.v + b * call.v_stride;
    const float s = 127.0f / absmax(x, cols);
    call.scale[b] = s;
    for (std::int64_t i = 0; i < cols; ++i) v[i] = round_to_i8(x[i] * s);
    std::memset(v + cols, 0, static_cast<std::size_t>(call.v_stride - cols));
  }
}

}  // namespace
}  // namespace bitproof::activation_quant
