// The storage that every cache here has in common:
//
//   [layer][sequence]{keys, values: [kv_head][slot][head_dim]; q8: their scales: [kv_head][slot]}    slot in [0,
//   capacity)
//
// A head's slots, and its scales, are padded to whole cache lines, so in 64-byte aligned storage every head starts a
// line, and so does every row whose bytes are a multiple of 64. Where a position goes is the variant's own.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "kv_cache/elements.hpp"

namespace bitproof::kv_cache {
namespace {

constexpr std::int64_t kLine = 64;  // bytes

constexpr std::int64_t whole_lines(std::int64_t bytes) { return (bytes + kLine - 1) / kLine * kLine; }

// In elements. Only for shapes whose storage_bytes is below SIZE_MAX.
template <Element E = Element::f32>
std::int64_t head_stride(const Shape& s) {
  constexpr std::int64_t kSize = sizeof(typename Kept<E>::Type);
  return whole_lines(s.capacity * s.head_dim * kSize) / kSize;
}

// In floats.
template <Element E = Element::f32>
std::int64_t scale_stride(const Shape& s) {
  constexpr std::int64_t kSize = sizeof(float);
  return E == Element::q8 ? whole_lines(s.capacity * kSize) / kSize : 0;
}

// SIZE_MAX, which no allocator grants, for a shape that is empty or does not fit an address space.
template <Element E = Element::f32>
std::size_t storage_bytes(Shape s) {
  if (s.layers < 1 || s.sequences < 1 || s.kv_heads < 1 || s.capacity < 1 || s.head_dim < 1) return SIZE_MAX;
  std::int64_t bound = 0;  // 4 bytes an element and 4 for a scale, and a line of padding for rows and scales each
  bool overflow = __builtin_add_overflow(s.head_dim, std::int64_t{1}, &bound);
  for (const std::int64_t factor : {s.capacity, std::int64_t{4}}) {
    overflow |= __builtin_mul_overflow(bound, factor, &bound);
  }
  overflow |= __builtin_add_overflow(bound, 2 * kLine, &bound);
  for (const std::int64_t factor : {s.kv_heads, s.sequences, s.layers, std::int64_t{2}}) {
    overflow |= __builtin_mul_overflow(bound, factor, &bound);
  }
  if (overflow) return SIZE_MAX;
  const std::int64_t head = head_stride<E>(s) * static_cast<std::int64_t>(sizeof(typename Kept<E>::Type)) +
                            scale_stride<E>(s) * static_cast<std::int64_t>(sizeof(float));
  return static_cast<std::size_t>(head * 2 * s.kv_heads * s.sequences * s.layers);
}

// Where a slot of head 0 lies.
template <class Type, class Float>
struct Place {
  Type *k, *v;
  Float *k_scale, *v_scale;  // null without scales
};

template <Element E, class Type, class Float, class Byte>
Place<Type, Float> place(const Shape& s, Byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t slot) {
  const std::int64_t rows = s.kv_heads * head_stride<E>(s), scales = s.kv_heads * scale_stride<E>(s);
  const auto bytes =
      2 * static_cast<std::int64_t>(sizeof(Type)) * rows + 2 * static_cast<std::int64_t>(sizeof(Float)) * scales;
  Type* keys = reinterpret_cast<Type*>(storage + (layer * s.sequences + sequence) * bytes);
  Type* k = keys + slot * s.head_dim;
  if constexpr (E != Element::q8) return {k, k + rows, nullptr, nullptr};
  Float* k_scale = reinterpret_cast<Float*>(keys + 2 * rows) + slot;
  return {k, k + rows, k_scale, k_scale + scales};
}

// Keeps `count` positions of k and v, [count x kv_heads * head_dim], in slots [slot, slot + count).
template <Element E = Element::f32>
void store(const Shape& s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t slot,
           std::int64_t count, const float* k, const float* v) {
  const auto to = place<E, typename Kept<E>::Type, float>(s, storage, layer, sequence, slot);
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t h = 0; h < s.kv_heads; ++h, k += s.head_dim, v += s.head_dim) {
      const std::int64_t row = h * head_stride<E>(s) + i * s.head_dim;
      const float k_scale = Kept<E>::keep(k, s.head_dim, to.k + row);
      const float v_scale = Kept<E>::keep(v, s.head_dim, to.v + row);
      if constexpr (E == Element::q8) {
        to.k_scale[h * scale_stride<E>(s) + i] = k_scale;
        to.v_scale[h * scale_stride<E>(s) + i] = v_scale;
      }
    }
  }
}

template <Element E = Element::f32>
Segment segment(const Shape& s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t slot,
                std::int64_t count) {
  if (count == 0) return {nullptr, nullptr, 0};
  const auto from = place<E, const typename Kept<E>::Type, const float>(s, storage, layer, sequence, slot);
  return {from.k, from.v, count, from.k_scale, from.v_scale};
}

// The head of a row that keeps E. The errors: f16 halves the last of 11 bits; of a q8 row the error is below s / 2,
// that is NMSE <= head_dim (1/254)^2 absmax^2 / sum x^2, and 1/(12 127^2) absmax^2 / mean x^2 where they are spread
// evenly: for a Gaussian row of 128, absmax^2 = 7 mean x^2, 3.6e-5. The bounds leave room for rows with outliers twice
// as far.
template <Element E>
constexpr VariantInfo kept_as(VariantInfo info) {
  if (E == Element::f32) return info;
  info.exactness = Exactness::approximate;
  info.row = E == Element::f16 ? "f16" : "q8";
  info.nmse_bound = E == Element::f16 ? 0x1p-22 : 2e-4;
  return info;
}

}  // namespace
}  // namespace bitproof::kv_cache
