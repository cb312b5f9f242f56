// RMSNorm (arXiv:1910.07467):  y = x * (1 / sqrt(mean(x^2) + eps)) * weight
//
// The sum may be taken in any order; reference/ derives the bound. y may be x (in place).
// Pointers are aligned to 4 bytes.
// NaN: makes its row NaN. Inf: makes its own place NaN and the rest of its row zeros, by IEEE 754.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::rms_norm {

struct Call {
  std::int64_t cols;
  const float* x;  // [batch x x_stride]
  std::int64_t x_stride;
  const float* weight;  // [cols]
  float eps;
  float* y;  // [batch x y_stride]
  std::int64_t y_stride;
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows are always [0, 1): only the batch is split
};

}  // namespace bitproof::rms_norm
