// The plain loops, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include <bit>
#include <cmath>

#include "attention/three_pass.hpp"
#include "plain_dot.hpp"

namespace bitproof::attention {
namespace {

inline float value(float x) { return x; }
inline float value(std::int8_t x) { return static_cast<float>(x); }

// Exponent and fraction moved to their places in a float, 2^112 makes up for the other bias, and for the missing one
// of subnormals.
inline float value(Half x) {
  const std::uint32_t sign = (x & 0x8000u) << 16, size = (x & 0x7fffu) << 13;
  const float scaled = std::bit_cast<float>(size) * 0x1p112f;
  const float finite = (x & 0x7c00u) == 0x7c00u ? std::bit_cast<float>(size | 0x7f800000u) : scaled;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(finite) | sign);
}

inline float dot(const float* q, const float* k, std::int64_t n) { return plain_dot(q, k, n); }

// As plain_dot, which has the reasons.
template <class T>
float dot(const float* q, const T* k, std::int64_t n) {
  constexpr int kChains = 8;
  float acc[kChains] = {};
  std::int64_t i = 0;
  for (; i + kChains <= n; i += kChains) {
    for (int c = 0; c < kChains; ++c) acc[c] += q[i + c] * value(k[i + c]);
  }
  for (; i < n; ++i) acc[0] += q[i] * value(k[i]);
  return ((acc[0] + acc[1]) + (acc[2] + acc[3])) + ((acc[4] + acc[5]) + (acc[6] + acc[7]));
}

template <class T>
float score_keys(const Visible<T>& seen, const float* q, float scale, std::int64_t head_dim, float* score) {
  float largest = -INFINITY;
  for (const Piece<T>& piece : seen.piece) {
    for (std::int64_t j = 0; j < piece.count; ++j) {
      *score = dot(q, piece.k + j * head_dim, head_dim) * scale;
      if constexpr (kScaled<T>) *score *= piece.k_scale[j];
      largest = *score > largest ? *score : largest;
      ++score;
    }
  }
  return largest;
}

float exponentiate(float* weight, std::int64_t n, float largest) {
  float sum = 0;
  for (std::int64_t j = 0; j < n; ++j) {
    weight[j] = std::exp(weight[j] - largest);
    sum += weight[j];
  }
  return sum;
}

// out += sum of weight[j] v_j over kPositions rows of v, added in their order: out is loaded and stored once for all.
template <int kPositions, class T>
void add_values(const T* v, const float* weight, std::int64_t head_dim, float* __restrict out) {
  for (std::int64_t d = 0; d < head_dim; ++d) {
    float sum = out[d];
    for (int j = 0; j < kPositions; ++j) sum += weight[j] * value(v[j * head_dim + d]);
    out[d] = sum;
  }
}

template <class T>
void average_values(const Visible<T>& seen, float* weight, float factor, std::int64_t head_dim, float* out) {
  constexpr int kPositions = 4;
  for (std::int64_t d = 0; d < head_dim; ++d) out[d] = 0;
  for (const Piece<T>& piece : seen.piece) {
    if constexpr (kScaled<T>) {
      for (std::int64_t i = 0; i < piece.count; ++i) weight[i] *= piece.v_scale[i];
    }
    std::int64_t j = 0;
    for (; j + kPositions <= piece.count; j += kPositions) {
      add_values<kPositions>(piece.v + j * head_dim, weight + j, head_dim, out);
    }
    for (; j < piece.count; ++j) add_values<1>(piece.v + j * head_dim, weight + j, head_dim, out);
    weight += piece.count;
  }
  for (std::int64_t d = 0; d < head_dim; ++d) out[d] *= factor;
}

}  // namespace
}  // namespace bitproof::attention
