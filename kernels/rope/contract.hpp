// Rotary position embedding (arXiv:2104.09864), in place. For pair i, (a, b), with t = position * base^(-2i/dim):
//
//   a' = a cos t - b sin t      b' = a sin t + b cos t
//
// cos and sin come from a table that the model computed in double, by *logical* position (never a ring's slot).
// Pointers are aligned to 4 bytes. NaN, Inf: propagate within their pair by IEEE 754.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::rope {

enum class Style : std::uint8_t {
  neox,         // pair i is (x[i], x[i + head_dim / 2])
  interleaved,  // pair i is (x[2 i], x[2 i + 1])
};

struct Call {
  std::int64_t head_dim;  // even
  Style style;
  const float* cos;  // [batch x head_dim / 2]: row b belongs to the position of batch element b
  const float* sin;  // likewise
  float* x;          // [batch x x_stride]; head h starts at h * head_dim
  std::int64_t x_stride;
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows = heads
};

}  // namespace bitproof::rope
