// The plain loop, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include "sampling/contract.hpp"

namespace bitproof::sampling {
namespace {

// The first index from i on whose element is above the bound (NaN is not); n if there is none.
std::int64_t next_above(float bound, const float* x, std::int64_t i, std::int64_t n) {
  while (i < n && !(x[i] > bound)) ++i;
  return i;
}

// From record to record. Records are rare, so this runs at the speed of a predicted branch; a running maximum would be
// a chain of latencies.
std::int64_t greedy(const float* logits, std::int64_t vocab) {
  std::int64_t i = 0;
  while (i < vocab && logits[i] != logits[i]) ++i;  // NaN differs from itself
  std::int64_t best = 0;
  for (; i < vocab; i = next_above(logits[i], logits, i + 1, vocab)) best = i;
  return best;
}

}  // namespace
}  // namespace bitproof::sampling
