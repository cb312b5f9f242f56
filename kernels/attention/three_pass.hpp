// Attention over a float cache in three passes: score the keys, exponentiate, average the values.
// The passes themselves are the including file's: score_keys, exponentiate and average_values.
#pragma once

#include "attention/contract.hpp"

namespace bitproof::attention {
namespace {

struct Piece {
  const float* k;  // [count x head_dim]
  const float* v;
  std::int64_t count;
};

// Positions first .. position + batch element, oldest first, of one kv head.
struct Visible {
  Piece piece[2];
  std::int64_t count;
};

inline Visible visible(const Call& call, std::int64_t head, std::int64_t b) {
  const std::int64_t offset = head / (call.heads / call.kv_heads) * call.kv.head_stride;
  Visible seen{{}, call.position + b + 1 - call.kv.first};
  std::int64_t left = seen.count;
  for (int s = 0; s < 2; ++s) {
    const kv_cache::Segment& segment = call.kv.segment[s];
    const std::int64_t count = left < segment.count ? left : segment.count;
    if (count > 0) {
      seen.piece[s] = {static_cast<const float*>(segment.k) + offset, static_cast<const float*>(segment.v) + offset,
                       count};
    }
    left -= count;
  }
  return seen;
}

// score[j] = q . k_j * scale; returns the largest.
float score_keys(const Visible& seen, const float* q, float scale, std::int64_t head_dim, float* score);
// weight[j] = exp(weight[j] - largest); returns their sum.
float exponentiate(float* weight, std::int64_t n, float largest);
// out = factor * sum_j weight[j] v_j
void average_values(const Visible& seen, const float* weight, float factor, std::int64_t head_dim, float* out);

void run(const Call& call, Tile tile, std::byte* scratch) {
  float* scores = reinterpret_cast<float*>(scratch);
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    for (std::int64_t head = tile.row0; head < tile.row1; ++head) {
      const Visible seen = visible(call, head, b);
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

}  // namespace
}  // namespace bitproof::attention
