// Causal scaled dot-product attention over a cache view:
//
//   out = sum_j softmax_j(q . k_j * scale) v_j      over visible positions j <= the query's own
//
// Grouped-query: head h reads kv head h / (heads / kv_heads). Softmax subtracts the maximum. Sums may be taken in any
// order that depends on the number of positions only (never on the thread count); reference/ derives the bound.
// Pointers are aligned to 4 bytes, scratch to 64. NaN: in a key that a query sees, makes that head's output NaN; in a
// value, its column of it; in what no query sees, nothing. Inf: leaves outputs open.
#pragma once

#include "kv_cache/contract.hpp"
#include "tile.hpp"

namespace bitproof::attention {

struct Call {
  std::int64_t heads, kv_heads, head_dim;
  float scale;     // 1 / sqrt(head_dim)
  const float* q;  // [batch x q_stride]; head h starts at h * head_dim
  std::int64_t q_stride;
  std::int64_t position;  // logical position of batch element 0; element b is at position + b, and all are in the view
  kv_cache::View kv;      // holds positions up to position + batch - 1; element b sees those <= position + b
  float* out;             // [batch x out_stride], head h at h * head_dim
  std::int64_t out_stride;
  std::int64_t parts = 1;    // of a split kernel
  float* partial = nullptr;  // [batch x heads * parts x partial_floats(head_dim)]; 64-byte aligned, uninitialised
};

// Flash-decoding: a query's positions are cut into parts of kPartPositions, the last may be shorter; each part leaves
// its largest score m, its sum l of exp(score - m), and o = sum exp(score - m) v; a barrier, then the parts of a head
// are merged in their order. So what is computed depends on the number of positions, and never on threads or the batch.
inline constexpr std::int64_t kPartPositions = 256;

constexpr std::int64_t parts_of(std::int64_t positions) { return (positions + kPartPositions - 1) / kPartPositions; }

// o, then m and l, in whole cache lines.
constexpr std::int64_t partial_floats(std::int64_t head_dim) { return (head_dim + 2 + 15) / 16 * 16; }

struct Kernel {
  VariantInfo info;
  kv_cache::Element element;  // what it reads from the cache
  // Per-thread scratch for a view of `positions` (64-byte aligned, uninitialised; may be null when 0 bytes).
  std::size_t (*scratch_bytes)(std::int64_t positions, std::int64_t head_dim);
  // Tile rows = heads. With `merge`: heads * parts, row h * parts + p being part p of head h; writes `partial` alone.
  void (*run)(const Call&, Tile, std::byte* scratch);
  void (*merge)(const Call&, Tile) = nullptr;  // after a barrier; tile rows = heads

  // Parts of a call whose view shows so many positions.
  constexpr std::int64_t parts(std::int64_t positions) const { return merge ? parts_of(positions) : 1; }
};

}  // namespace bitproof::attention
