// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include <bit>
#include <limits>

#include "sampling/contract.hpp"
#include "simd.hpp"

namespace bitproof::sampling {
namespace {

// -inf if all are NaN.
float largest_logit(const float* logits, std::int64_t vocab) {
  using simd::kChains, simd::kLanes;
  const simd::F32 lowest = simd::splat(-std::numeric_limits<float>::infinity());
  simd::F32 largest[kChains] = {lowest, lowest, lowest, lowest};
  std::int64_t i = 0;
  for (; i + kChains * kLanes <= vocab; i += kChains * kLanes) {
    // In this order: max yields its second operand where the first is NaN.
    for (int c = 0; c < kChains; ++c) largest[c] = simd::max(simd::load(logits + i + c * kLanes), largest[c]);
  }
  for (; i + kLanes <= vocab; i += kLanes) largest[0] = simd::max(simd::load(logits + i), largest[0]);
  largest[0] = simd::max(simd::load(logits + i, vocab - i, lowest), largest[0]);
  return simd::largest(simd::max(simd::max(largest[0], largest[1]), simd::max(largest[2], largest[3])));
}

// The lowest index of an equal; 0 if there is none.
std::int64_t first_equal(const float* logits, std::int64_t vocab, float value) {
  const simd::F32 wanted = simd::splat(value);
  std::int64_t i = 0;
  for (; i + simd::kLanes <= vocab; i += simd::kLanes) {
    const std::uint32_t equal = simd::equal_bits(simd::load(logits + i), wanted);
    if (equal != 0) return i + std::countr_zero(equal);
  }
  const simd::F32 nothing = simd::splat(std::numeric_limits<float>::quiet_NaN());
  const std::uint32_t equal = simd::equal_bits(simd::load(logits + i, vocab - i, nothing), wanted);
  return equal != 0 ? i + std::countr_zero(equal) : 0;
}

// Two passes, since carrying the indices along would double the work of the long one.
std::int64_t greedy(const float* logits, std::int64_t vocab) {
  return first_equal(logits, vocab, largest_logit(logits, vocab));
}

}  // namespace
}  // namespace bitproof::sampling
