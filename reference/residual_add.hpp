// The truth of residual_add, exact to the bit: h + y in float.
#pragma once

#include <span>
#include <vector>

namespace bitproof::reference {

std::vector<float> residual_add(std::span<const float> h, std::span<const float> y);

}  // namespace bitproof::reference
