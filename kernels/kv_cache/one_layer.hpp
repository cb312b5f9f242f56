// Room for one layer: every layer uses the same place, one after another, and nothing survives a token.
#pragma once

#include "kv_cache/linear.hpp"

namespace bitproof::kv_cache {
namespace {

constexpr Shape one_layer(Shape s) {
  s.layers = s.layers < 1 ? s.layers : 1;
  return s;
}

inline std::size_t one_layer_bytes(Shape s) { return storage_bytes(one_layer(s)); }

inline bool append_one_layer(Shape s, std::byte* storage, std::int64_t, std::int64_t sequence, std::int64_t position,
                             std::int64_t count, const float* k, const float* v) {
  return append_linear(one_layer(s), storage, 0, sequence, position, count, k, v);
}

inline View view_one_layer(Shape s, const std::byte* storage, std::int64_t, std::int64_t sequence, std::int64_t end) {
  return view_linear(one_layer(s), storage, 0, sequence, end);
}

constexpr Kernel one_layer_row(VariantInfo info) {
  return {info, false, one_layer_bytes, append_one_layer, view_one_layer};
}

}  // namespace
}  // namespace bitproof::kv_cache
