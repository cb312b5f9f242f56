// Position p lies in slot p: a cache that fills up and then refuses.
#pragma once

#include "kv_cache/layout.hpp"

namespace bitproof::kv_cache {
namespace {

template <Element E = Element::f32>
bool append_linear(Shape s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
                   std::int64_t count, const float* k, const float* v) {
  if (position < 0 || count < 0 || count > s.capacity || position > s.capacity - count) return false;
  store<E>(s, storage, layer, sequence, position, count, k, v);
  return true;
}

// Past the capacity there is nothing to see: such positions were refused.
template <Element E = Element::f32>
View view_linear(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  const std::int64_t count = end < s.capacity ? end : s.capacity;
  return {{segment<E>(s, storage, layer, sequence, 0, count), {}}, head_stride<E>(s), 0, scale_stride<E>(s)};
}

}  // namespace
}  // namespace bitproof::kv_cache
