// The gate of the feed-forward block:  y = act(gate) * up,  act = SiLU (x / (1 + exp(-x))) or ReLU^2 (max(x, 0)^2).
// ReLU^2 variants are bit-equal: (r * r) * up. SiLU: the bound of the exponential is in reference/.
// Pointers are aligned to 4 bytes. NaN, Inf: propagate by IEEE 754, SiLU of -Inf being NaN; ReLU^2 takes a NaN gate as
// 0.
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::gated_ffn {

enum class Activation : std::uint8_t { silu, relu_squared };

struct Call {
  Activation activation;
  const float* gate;  // [batch x stride]
  const float* up;    // [batch x stride]
  float* y;           // [batch x stride]; may be gate or up
  std::int64_t stride;
};

struct Kernel {
  VariantInfo info;
  void (*run)(const Call&, Tile);  // tile rows = columns of the activation
};

}  // namespace bitproof::gated_ffn
