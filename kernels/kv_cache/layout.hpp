// The float storage that every cache here has in common:
//
//   [layer][sequence]{k, v}[kv_head][slot][head_dim]      slot in [0, capacity)
//
// A head's slots are padded to whole cache lines, so in 64-byte aligned storage every head starts a line, and so does
// every row of head_dim floats where head_dim is a multiple of 16. Where a position goes is the variant's own.
#pragma once

#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "kv_cache/contract.hpp"

namespace bitproof::kv_cache {
namespace {

constexpr std::int64_t kLineFloats = 16;

// In floats. Only for shapes whose storage_bytes is below SIZE_MAX.
std::int64_t head_stride(const Shape& s) {
  return (s.capacity * s.head_dim + kLineFloats - 1) / kLineFloats * kLineFloats;
}

// SIZE_MAX, which no allocator grants, for a shape that is empty, is not of floats or does not fit an address space.
std::size_t storage_bytes(Shape s) {
  if (s.layers < 1 || s.sequences < 1 || s.kv_heads < 1 || s.capacity < 1 || s.head_dim < 1) return SIZE_MAX;
  std::int64_t bytes = 0;
  bool overflow = s.element != Element::f32;
  overflow |= __builtin_mul_overflow(s.capacity, s.head_dim, &bytes);
  overflow |= __builtin_add_overflow(bytes, kLineFloats - 1, &bytes);
  bytes = bytes / kLineFloats * kLineFloats;
  for (const std::int64_t factor : {s.kv_heads, s.sequences, s.layers, std::int64_t{2 * sizeof(float)}}) {
    overflow |= __builtin_mul_overflow(bytes, factor, &bytes);
  }
  return overflow ? SIZE_MAX : static_cast<std::size_t>(bytes);
}

// In floats from the start of the storage, to slot 0 of head 0 of k; v lies kv_heads * head_stride further.
std::int64_t keys_offset(const Shape& s, std::int64_t layer, std::int64_t sequence) {
  return (layer * s.sequences + sequence) * 2 * s.kv_heads * head_stride(s);
}

// Copies `count` positions of k and v, [count x kv_heads * head_dim], to slots [slot, slot + count).
void store(const Shape& s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t slot,
           std::int64_t count, const float* k, const float* v) {
  const std::int64_t width = s.kv_heads * s.head_dim;
  float* keys = reinterpret_cast<float*>(storage) + keys_offset(s, layer, sequence) + slot * s.head_dim;
  float* values = keys + s.kv_heads * head_stride(s);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t h = 0; h < s.kv_heads; ++h) {
      const std::int64_t from = i * width + h * s.head_dim, to = h * head_stride(s) + i * s.head_dim;
      std::memcpy(keys + to, k + from, s.head_dim * sizeof(float));
      std::memcpy(values + to, v + from, s.head_dim * sizeof(float));
    }
  }
}

Segment segment(const Shape& s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t slot,
                std::int64_t count) {
  if (count == 0) return {nullptr, nullptr, 0};
  const float* keys = reinterpret_cast<const float*>(storage) + keys_offset(s, layer, sequence) + slot * s.head_dim;
  return {keys, keys + s.kv_heads * head_stride(s), count};
}

}  // namespace
}  // namespace bitproof::kv_cache
