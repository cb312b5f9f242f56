// The truth of greedy sampling: the largest logit, the lowest index among equals. NaN never wins; if all are NaN, 0.
#pragma once

#include <cstdint>
#include <span>

namespace bitproof::reference {

std::int64_t greedy(std::span<const float> logits);

}  // namespace bitproof::reference
