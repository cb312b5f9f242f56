// Position p lies in slot p % capacity: a ring, which overwrites the oldest.
#pragma once

#include "kv_cache/layout.hpp"

namespace bitproof::kv_cache {
namespace {

// How much of a run of `count` slots from `slot` on lies before the wrap.
constexpr std::int64_t before_wrap(const Shape& s, std::int64_t slot, std::int64_t count) {
  return count < s.capacity - slot ? count : s.capacity - slot;
}

template <Element E>
bool append_ring(Shape s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
                 std::int64_t count, const float* k, const float* v) {
  if (position < 0 || count < 0 || count > s.capacity) return false;
  const std::int64_t slot = position % s.capacity;
  const std::int64_t head = before_wrap(s, slot, count), consumed = head * s.kv_heads * s.head_dim;
  store<E>(s, storage, layer, sequence, slot, head, k, v);
  store<E>(s, storage, layer, sequence, 0, count - head, k + consumed, v + consumed);
  return true;
}

template <Element E>
View view_ring(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  const std::int64_t count = end < s.capacity ? end : s.capacity;
  const std::int64_t first = end - count, slot = first % s.capacity;
  const std::int64_t head = before_wrap(s, slot, count);
  return {
      {segment<E>(s, storage, layer, sequence, slot, head), segment<E>(s, storage, layer, sequence, 0, count - head)},
      head_stride<E>(s),
      first,
      scale_stride<E>(s)};
}

}  // namespace
}  // namespace bitproof::kv_cache
