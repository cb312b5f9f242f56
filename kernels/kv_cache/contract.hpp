// Where keys and values of past positions live, and which of them a query sees.
//
// A cache is its Shape, its storage and logical positions; it keeps no other state, so calls can be replayed.
// Layout is the variant's own; readers go through View. RoPE is applied before append, by logical position.
// Storage is 64-byte aligned, keys and values to 4.
//
// What is kept of a head row (head_dim floats of one position), to the bit:
//   f32  the floats as they are, NaN and Inf too.
//   f16  IEEE 754 binary16, to nearest even; what is beyond +-65504 becomes that, NaN stays NaN.
//   q8   int8 and one scale: with s = absmax / 127, rounded up to 16 significant bits, q = RNE(x * (1 / s)), and a
//   reader
//        sees q * s. So few bits that q * s is exact in float, and storing what was read changes nothing. A row whose
//        absmax is below 2^-100 is zeros, s = 0; one that holds NaN or Inf is NaN throughout: s = NaN, q = 0.
#pragma once

#include <cstddef>

#include "variant.hpp"

namespace bitproof::kv_cache {

enum class Element : std::uint8_t { f32, f16, q8 };

using Half = std::uint16_t;  // the bits of a binary16

// Of one head row, with its scale.
constexpr std::int64_t row_bytes(Element e, std::int64_t head_dim) {
  return e == Element::f32 ? 4 * head_dim : e == Element::f16 ? 2 * head_dim : head_dim + 4;
}

struct Shape {
  std::int64_t layers, kv_heads, head_dim;
  std::int64_t capacity;   // positions
  std::int64_t sequences;  // independent sequences ("batch" of a cache)
};

// A run of positions that is contiguous in storage. Position j of it, for head h, is the head_dim elements at
// k + h * View::head_stride + j * head_dim (in elements), v likewise. Its scales (q8 only) are k_scale and
// v_scale [h * View::scale_stride + j].
struct Segment {
  const void* k;
  const void* v;
  std::int64_t count;
  const float* k_scale = nullptr;
  const float* v_scale = nullptr;
};

// The visible positions [first, first + segment[0].count + segment[1].count), oldest first.
struct View {
  Segment segment[2];  // the second is empty unless a ring has wrapped
  std::int64_t head_stride;
  std::int64_t first;  // logical position of the oldest visible entry
  std::int64_t scale_stride = 0;
};

struct Kernel {
  VariantInfo info;

  // False: nothing survives a token, the caller recomputes every position of the prefix each time, layer by layer,
  // and storage holds one layer at a time.
  bool keeps_past;

  std::size_t (*storage_bytes)(Shape);

  // Stores positions [position, position + count) of one layer and sequence; k and v are [count x kv_heads * head_dim]
  // floats. False, and nothing written, when the cache cannot hold them (a contiguous cache that is full).
  // A ring overwrites the oldest; count <= capacity. Allocates nothing; O(1) a position.
  // In a ring that has wrapped, a batch evicts positions that its earlier queries still see: once
  // position + count > capacity, callers append, view and attend one position at a time.
  bool (*append)(Shape, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
                 std::int64_t count, const float* k, const float* v);

  // What a query at position end - 1 may see: the last min(end, capacity) positions before `end`. A contiguous cache,
  // which refused the positions past its capacity, then shows [0, capacity).
  View (*view)(Shape, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end);

  Element element = Element::f32;  // what it keeps; any but f32 is approximate
};

}  // namespace bitproof::kv_cache
