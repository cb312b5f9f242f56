// Per-token absmax quantization to int8 (BitNet b1.58, arXiv:2402.17764):
//
//   s = 127 / max(max|x|, 1e-5)      v = round_to_nearest_even(x * s), |v| <= 127
//
// in float, exactly these operations, so that every variant is bit-equal. float pointers are aligned to 4 bytes, v not.
// NaN, Inf: leave v and s of their own row open, never its padding, another row, or memory outside the output.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::activation_quant {

inline constexpr float kMinAbsmax = 1e-5f;

struct Call {
  std::int64_t cols;
  const float* x;  // [batch x x_stride]
  std::int64_t x_stride;
  std::int8_t* v;  // [batch x v_stride]; columns [cols, v_stride) are written as zeros
  std::int64_t v_stride;
  float* scale;  // [batch]: s
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows are always [0, 1): only the batch is split
};

}  // namespace bitproof::activation_quant
