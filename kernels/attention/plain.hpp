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

void average_values(const Visible& seen, const float* weight, float factor, std::int64_t head_dim,
                    float* __restrict out) {
  for (std::int64_t d = 0; d < head_dim; ++d) out[d] = 0;
  for (const Piece& piece : seen.piece) {
    for (std::int64_t j = 0; j < piece.count; ++j) {
      const float* __restrict v = piece.v + j * head_dim;
      const float w = *weight++;
      for (std::int64_t d = 0; d < head_dim; ++d) out[d] += w * v[d];
    }
  }
  for (std::int64_t d = 0; d < head_dim; ++d) out[d] *= factor;
}

}  // namespace
}  // namespace bitproof::attention
