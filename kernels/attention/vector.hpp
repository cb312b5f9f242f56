// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include <limits>

#include "attention/three_pass.hpp"
#include "simd_exp.hpp"

namespace bitproof::attention {
namespace {

float score_keys(const Visible& seen, const float* q, float scale, std::int64_t head_dim, float* score) {
  float largest = -std::numeric_limits<float>::infinity();
  for (const Piece& piece : seen.piece) {
    for (std::int64_t j = 0; j < piece.count; ++j) {
      *score = simd::dot(q, piece.k + j * head_dim, head_dim) * scale;
      largest = *score > largest ? *score : largest;
      ++score;
    }
  }
  return largest;
}

float exponentiate(float* weight, std::int64_t n, float largest) {
  simd::F32 sum = simd::splat(0.0f);
  simd::for_vectors(0, n, [=, &sum](std::int64_t j, auto lanes) {
    const simd::F32 e = simd::zero_past(simd::exp(simd::load(weight + j, lanes) - simd::splat(largest)), lanes);
    simd::store(weight + j, e, lanes);
    sum = sum + e;
  });
  return simd::sum(sum);
}

// Columns of v that one pass over the positions keeps in registers: enough vectors to hide the latency of FMA.
constexpr int kBlock = 64 / simd::kLanes;

// out[c] = factor * sum_j weight[j] v_j[c] for kBlock vectors of columns from `column`, the part of it below head_dim.
template <class Lanes>
void average_block(const Visible& seen, const float* weight, float factor, std::int64_t head_dim, std::int64_t column,
                   const Lanes (&lanes)[kBlock], float* out) {
  simd::F32 acc[kBlock] = {};
  for (const Piece& piece : seen.piece) {
    for (std::int64_t j = 0; j < piece.count; ++j) {
      const simd::F32 w = simd::splat(*weight++);
      const float* v = piece.v + j * head_dim + column;
      for (int i = 0; i < kBlock; ++i) acc[i] = simd::fma(w, simd::load(v + i * simd::kLanes, lanes[i]), acc[i]);
    }
  }
  for (int i = 0; i < kBlock; ++i) {
    simd::store(out + column + i * simd::kLanes, acc[i] * simd::splat(factor), lanes[i]);
  }
}

void average_values(const Visible& seen, const float* weight, float factor, std::int64_t head_dim, float* out) {
  constexpr std::int64_t kColumns = kBlock * simd::kLanes;
  std::int64_t column = 0;
  for (; column + kColumns <= head_dim; column += kColumns) {
    average_block<simd::Whole>(seen, weight, factor, head_dim, column, {}, out);
  }
  if (column == head_dim) return;
  std::int64_t lanes[kBlock];
  for (int i = 0; i < kBlock; ++i) {
    const std::int64_t left = head_dim - column - i * simd::kLanes;
    lanes[i] = left < 0 ? 0 : left > simd::kLanes ? simd::kLanes : left;
  }
  average_block(seen, weight, factor, head_dim, column, lanes, out);
}

}  // namespace
}  // namespace bitproof::attention
