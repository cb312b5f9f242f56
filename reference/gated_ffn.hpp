// The truth of the gate of the feed-forward block: y = act(gate) * up.
//
// ReLU^2 is (r * r) * up in float, exact: its bound is 0.
//
// SiLU is g / (1 + E) * up, E = exp(-g). The computed E is E (1 + e), |e| <= kExpError, so 1 + E is off by the relative
// kExpError E / (1 + E): nothing for a large g, all of it for a very negative one. The sum, the quotient (or reciprocal
// and product) and the product with `up` round once each. Relative, all together:
//
//   (1 + gamma_4) / (1 - kExpError E / (1 + E)) - 1
//
// Where 1 / (1 + E) is below kExpFloor, variants may have clamped or flushed it: + kExpFloor |g up|.
#pragma once

#include <span>

#include "gated_ffn/contract.hpp"
#include "reference/bounded.hpp"

namespace bitproof::reference {

Bounded gated_ffn(gated_ffn::Activation activation, std::span<const float> gate, std::span<const float> up);

}  // namespace bitproof::reference
