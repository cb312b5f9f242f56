// Attention in three passes: score the keys, exponentiate, average the values.
// The passes themselves are the including file's: score_keys, exponentiate and average_values.
#pragma once

#include "attention/contract.hpp"

namespace bitproof::attention {
namespace {

using kv_cache::Element, kv_cache::Half;

template <class T>
inline constexpr bool kScaled = sizeof(T) == 1;

// Rows of one kv head as a cache keeps them; scales are null but for q8.
template <class T>
struct Piece {
  const T* k;  // [count x head_dim]
  const T* v;
  const float *k_scale, *v_scale;  // [count]
  std::int64_t count;
};

// Positions first .. position + batch element, oldest first, of one kv head.
template <class T>
struct Visible {
  Piece<T> piece[2];
  std::int64_t count;
};

template <class T>
Visible<T> visible(const Call& call, std::int64_t head, std::int64_t b) {
  const std::int64_t kv_head = head / (call.heads / call.kv_heads);
  const std::int64_t row = kv_head * call.kv.head_stride, scale = kv_head * call.kv.scale_stride;
  const auto scales = [scale](const float* s) { return s ? s + scale : nullptr; };
  Visible<T> seen{{}, call.position + b + 1 - call.kv.first};
  std::int64_t left = seen.count;
  for (int s = 0; s < 2; ++s) {
    const kv_cache::Segment& segment = call.kv.segment[s];
    const std::int64_t count = left < segment.count ? left : segment.count;
    if (count > 0) {
      seen.piece[s] = {static_cast<const T*>(segment.k) + row, static_cast<const T*>(segment.v) + row,
                       scales(segment.k_scale), scales(segment.v_scale), count};
    }
    left -= count;
  }
  return seen;
}

// score[j] = q . k_j * scale; returns the largest.
template <class T>
float score_keys(const Visible<T>& seen, const float* q, float scale, std::int64_t head_dim, float* score);
// weight[j] = exp(weight[j] - largest); returns their sum.
float exponentiate(float* weight, std::int64_t n, float largest);
// out = factor * sum_j weight[j] v_j; may change the weights.
template <class T>
void average_values(const Visible<T>& seen, float* weight, float factor, std::int64_t head_dim, float* out);

template <class T>
void run(const Call& call, Tile tile, std::byte* scratch) {
  float* scores = reinterpret_cast<float*>(scratch);
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    for (std::int64_t head = tile.row0; head < tile.row1; ++head) {
      const Visible<T> seen = visible<T>(call, head, b);
      const float* q = call.q + b * call.q_stride + head * call.head_dim;
      float* out = call.out + b * call.out_stride + head * call.head_dim;
      const float largest = score_keys(seen, q, call.scale, call.head_dim, scores);
      const float sum = exponentiate(scores, seen.count, largest);
      average_values(seen, scores, 1.0f / sum, call.head_dim, out);
    }
  }
}

// Scratch: one query's scores, a float a position, in whole cache lines.
inline std::size_t scores_bytes(std::int64_t positions, std::int64_t /*head_dim*/) {
  constexpr std::size_t kLine = 64;
  return (static_cast<std::size_t>(positions) * sizeof(float) + kLine - 1) / kLine * kLine;
}

// One row of a file's table for each element.
template <class T>
constexpr Kernel three_pass(Element element, const char* row, const char* note, Techniques used) {
  return {{row, note, used}, element, scores_bytes, run<T>};
}

}  // namespace
}  // namespace bitproof::attention
