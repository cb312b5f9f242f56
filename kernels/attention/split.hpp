// Flash-decoding over the passes of vector.hpp: parts of a head's positions on whatever threads, then merged.
#pragma once

#include "attention/vector.hpp"

namespace bitproof::attention {
namespace {

// Positions [begin, end) of those that are seen, oldest first.
template <class T>
Visible<T> part_of(Visible<T> seen, std::int64_t begin, std::int64_t end, std::int64_t head_dim) {
  std::int64_t at = 0;
  for (Piece<T>& piece : seen.piece) {
    const std::int64_t from = begin > at ? begin - at : 0, to = end - at < piece.count ? end - at : piece.count;
    at += piece.count;
    if (from >= to) {
      piece = {};
      continue;
    }
    piece.k += from * head_dim;
    piece.v += from * head_dim;
    if constexpr (kScaled<T>) {
      piece.k_scale += from;
      piece.v_scale += from;
    }
    piece.count = to - from;
  }
  seen.count = end - begin;
  return seen;
}

// Of row r = head * parts + part.
inline float* partial_of(const Call& call, std::int64_t b, std::int64_t r) {
  return call.partial + (b * call.heads * call.parts + r) * partial_floats(call.head_dim);
}

// A query sees fewer positions than the last of its batch: parts past its own are left empty, and not merged.
inline std::int64_t own_parts(const Call& call, std::int64_t b) {
  return parts_of(call.position + b + 1 - call.kv.first);
}

template <class T>
void run_parts(const Call& call, Tile tile, std::byte* scratch) {
  float* scores = reinterpret_cast<float*>(scratch);
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    for (std::int64_t r = tile.row0; r < tile.row1; ++r) {
      const std::int64_t head = r / call.parts, part = r % call.parts;
      if (part >= own_parts(call, b)) continue;
      const Visible<T> all = visible<T>(call, head, b);
      const std::int64_t begin = part * kPartPositions, end = begin + kPartPositions;
      const Visible<T> seen = part_of(all, begin, end < all.count ? end : all.count, call.head_dim);
      const float* q = call.q + b * call.q_stride + head * call.head_dim;
      float* o = partial_of(call, b, r);
      float* m_and_l = o + call.head_dim;
      m_and_l[0] = score_keys(seen, q, call.scale, call.head_dim, scores);
      m_and_l[1] = exponentiate(scores, seen.count, m_and_l[0]);
      average_values(seen, scores, 1.0f, call.head_dim, o);
    }
  }
}

// out = sum_p f_p o_p / sum_p f_p l_p, f_p = exp(m_p - max m): the quotient that one part over all would have given.
inline void merge(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    for (std::int64_t head = tile.row0; head < tile.row1; ++head) {
      float* out = call.out + b * call.out_stride + head * call.head_dim;
      const auto part = [&](std::int64_t p) { return partial_of(call, b, head * call.parts + p); };
      const std::int64_t parts = own_parts(call, b);
      float largest = part(0)[call.head_dim];
      for (std::int64_t p = 1; p < parts; ++p) {
        const float m = part(p)[call.head_dim];
        largest = m > largest ? m : largest;
      }
      simd::for_vectors(0, call.head_dim, [&](std::int64_t i, auto lanes) {
        simd::F32 o = simd::splat(0.0f), l = o;
        for (std::int64_t p = 0; p < parts; ++p) {
          const float* from = part(p);
          const simd::F32 f = simd::exp(simd::splat(from[call.head_dim] - largest));
          o = simd::fma(f, simd::load(from + i, lanes), o);
          l = simd::fma(f, simd::splat(from[call.head_dim + 1]), l);
        }
        simd::store(out + i, o / l, lanes);
      });
    }
  }
}

// Scratch: the scores of a part.
inline std::size_t part_scores_bytes(std::int64_t, std::int64_t) { return kPartPositions * sizeof(float); }

template <class T>
constexpr Kernel split(Element element, const char* row, const char* note) {
  return {{row, note, techniques(Technique::simd)}, element, part_scores_bytes, run_parts<T>, merge};
}

}  // namespace
}  // namespace bitproof::attention
