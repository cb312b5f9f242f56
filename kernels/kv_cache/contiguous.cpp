#include "kv_cache/linear.hpp"

namespace bitproof::kv_cache {
namespace {

bool append(Shape s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
            std::int64_t count, const float* k, const float* v) {
  return append_linear(s, storage, layer, sequence, position, count, k, v);
}

View view(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  return view_linear(s, storage, layer, sequence, end);
}

constexpr Kernel kRows[] = {{{"", "position p in slot p, full at the capacity", techniques(Technique::kv_cache)},
                             true,
                             storage_bytes,
                             append,
                             view}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
