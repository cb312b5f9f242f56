// The vector loops, compiled twice: as avx2.cpp and as avx512.cpp.
#pragma once

#include <limits>

#include "attention/three_pass.hpp"
#include "simd_exp.hpp"

namespace bitproof::attention {
namespace {

// score[j] = q . k_j for four rows, or one. Each row is read to its end before the next, so that the keys are one
// stream; their sums are reduced together, which costs half of reducing each, and a row's sum is the same whatever rows
// stand beside it.
template <int kRows, class T>
void dot_rows(const float* q, const T* k, std::int64_t head_dim, float* score) {
  simd::F32 sums[4] = {};
  for (int r = 0; r < kRows; ++r) sums[r] = simd::dot_lanes(q, k + r * head_dim, head_dim);
  const __m128 each = simd::sum_each(sums[0], sums[1], sums[2], sums[3]);
  if constexpr (kRows == 4) {
    _mm_storeu_ps(score, each);
  } else {
    *score = _mm_cvtss_f32(each);
  }
}

template <class T>
float score_keys(const Visible<T>& seen, const float* q, float scale, std::int64_t head_dim, float* score) {
  simd::F32 largest = simd::splat(-std::numeric_limits<float>::infinity());
  for (const Piece<T>& piece : seen.piece) {
    std::int64_t j = 0;
    for (; j + 4 <= piece.count; j += 4) dot_rows<4>(q, piece.k + j * head_dim, head_dim, score + j);
    for (; j < piece.count; ++j) dot_rows<1>(q, piece.k + j * head_dim, head_dim, score + j);
    simd::for_vectors(0, piece.count, [&](std::int64_t i, auto lanes) {
      simd::F32 s = simd::load(score + i, lanes) * simd::splat(scale);
      if constexpr (kScaled<T>) s = s * simd::load(piece.k_scale + i, lanes);
      simd::store(score + i, s, lanes);
      largest = simd::max_of_first(s, largest, lanes);
    });
    score += piece.count;
  }
  return simd::largest(largest);
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

// Vectors of columns that one pass over the positions keeps in registers: enough to hide the latency of FMA, and with
// AVX-512, which has registers to spare, a whole row of 128, so that the values are one stream.
constexpr int kBlock = 8;
static_assert(kBlock * simd::kLanes <= 128);

// out[c] = factor * sum_j weight[j] v_j[c] for kBlock vectors of columns from `column`, the part of it below head_dim.
template <class Lanes, class T>
void average_block(const Visible<T>& seen, const float* weight, float factor, std::int64_t head_dim,
                   std::int64_t column, const Lanes (&lanes)[kBlock], float* out) {
  simd::F32 acc[kBlock] = {};
  for (const Piece<T>& piece : seen.piece) {
    for (std::int64_t j = 0; j < piece.count; ++j) {
      const simd::F32 w = simd::splat(*weight++);
      const T* v = piece.v + j * head_dim + column;
      for (int i = 0; i < kBlock; ++i) acc[i] = simd::fma(w, simd::load(v + i * simd::kLanes, lanes[i]), acc[i]);
    }
  }
  for (int i = 0; i < kBlock; ++i) {
    simd::store(out + column + i * simd::kLanes, acc[i] * simd::splat(factor), lanes[i]);
  }
}

// The scale of a row of values belongs to its weight.
template <class T>
void scale_weights(const Visible<T>& seen, float* weight) {
  for (const Piece<T>& piece : seen.piece) {
    simd::for_vectors(0, piece.count, [&](std::int64_t j, auto lanes) {
      simd::store(weight + j, simd::load(weight + j, lanes) * simd::load(piece.v_scale + j, lanes), lanes);
    });
    weight += piece.count;
  }
}

template <class T>
void average_values(const Visible<T>& seen, float* weight, float factor, std::int64_t head_dim, float* out) {
  constexpr std::int64_t kColumns = kBlock * simd::kLanes;
  if constexpr (kScaled<T>) scale_weights(seen, weight);
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
