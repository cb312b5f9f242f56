// Row look-up in an 8-bit table:  out[b] = float(table[token[b]]) * row_scale[token[b]]; bit-equal in every variant.
// Pointers are aligned to their elements. NaN, Inf: propagate from row_scale by IEEE 754.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::embedding {

struct Call {
  std::int64_t cols;
  const std::int32_t* tokens;  // [batch], each in [0, vocab): the caller has checked
  const std::int8_t* table;    // [vocab x cols]
  const float* row_scale;      // [vocab]
  float* out;                  // [batch x out_stride]
  std::int64_t out_stride;
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows are always [0, 1): only the batch is split
};

}  // namespace bitproof::embedding
