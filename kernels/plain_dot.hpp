// The plain float dot product of the scalar and autovec variants.
#pragma once

#include <cstdint>

namespace bitproof {
namespace {

// Eight chains hide the latency of addss (4 cycles, 2 a cycle), and are one vector where the compiler may vectorize.
inline float plain_dot(const float* x, const float* y, std::int64_t n) {
  constexpr int kChains = 8;
  float acc[kChains] = {};
  std::int64_t i = 0;
  for (; i + kChains <= n; i += kChains) {
    for (int c = 0; c < kChains; ++c) acc[c] += x[i + c] * y[i + c];
  }
  for (; i < n; ++i) acc[0] += x[i] * y[i];
  return ((acc[0] + acc[1]) + (acc[2] + acc[3])) + ((acc[4] + acc[5]) + (acc[6] + acc[7]));
}

}  // namespace
}  // namespace bitproof
