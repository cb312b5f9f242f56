// The plain loops, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include <cmath>

#include "attention/three_pass.hpp"
#include "plain_dot.hpp"

namespace bitproof::attention {
namespace {

float score_keys(const Visible& seen, const float* q, float scale, std::int64_t head_dim, float* score) {
  float largest = -INFINITY;
  for (const Piece& piece : seen.piece) {
    for (std::int64_t j = 0; j < piece.count; ++j) {
      *score = plain_dot(q, piece.k + j * head_dim, head_dim) * scale;
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
template <int kPositions>
void add_values(const float* v, const float* weight, std::int64_t head_dim, float* __restrict out) {
  for (std::int64_t d = 0; d < head_dim; ++d) {
    float sum = out[d];
    for (int j = 0; j < kPositions; ++j) sum += weight[j] * v[j * head_dim + d];
    out[d] = sum;
  }
}

void average_values(const Visible& seen, const float* weight, float factor, std::int64_t head_dim, float* out) {
  constexpr int kPositions = 4;
  for (std::int64_t d = 0; d < head_dim; ++d) out[d] = 0;
  for (const Piece& piece : seen.piece) {
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
