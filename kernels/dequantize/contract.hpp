// The epilogue of an integer product:  y = float(acc) * (weight_scale / activation_scale)
//
// Exactly this association, one rounding an operation and no fused multiply-add, so that every variant is bit-equal.
// float(acc) is exact below 2^24, and correctly rounded above. Pointers are aligned to 4 bytes.
// NaN, Inf: propagate from weight_scale by IEEE 754; activation_scale has none.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::dequantize {

struct Call {
  std::int64_t rows;
  const std::int32_t* acc;  // [batch x acc_stride]
  std::int64_t acc_stride;
  const float* weight_scale;  // [1], or [rows] when scale_per_row
  bool scale_per_row;
  const float* activation_scale;  // [batch]: the s of activation_quant, > 0
  float* y;                       // [batch x y_stride]; may not overlap acc
  std::int64_t y_stride;
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows = output rows
};

}  // namespace bitproof::dequantize
