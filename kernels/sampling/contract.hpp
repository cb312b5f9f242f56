// Greedy sampling: the index of the largest logit, the lowest one among equals. NaN never wins; if all are NaN, 0.
// Inf is a logit as others are. logits is aligned to 4 bytes.
#pragma once

#include "variant.hpp"

namespace bitproof::sampling {

struct Kernel {
  VariantInfo info;
  std::int64_t (*greedy)(const float* logits, std::int64_t vocab);  // vocab >= 1
};

}  // namespace bitproof::sampling
