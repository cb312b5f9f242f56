// h += y, elementwise in float: every variant is bit-equal. Pointers are aligned to 4 bytes.
// NaN, Inf: propagate by IEEE 754.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::residual_add {

struct Call {
  const float* y;  // [batch x stride]
  float* h;        // [batch x stride]; may not overlap y
  std::int64_t stride;
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows = columns of the activation
};

}  // namespace bitproof::residual_add
