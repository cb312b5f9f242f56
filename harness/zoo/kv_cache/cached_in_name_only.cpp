#include "kv_cache/linear.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {

// Every layer uses the same place, one after another.
constexpr Shape one_layer(Shape s) {
  s.layers = s.layers < 1 ? s.layers : 1;
  return s;
}

std::size_t one_layer_bytes(Shape s) { return storage_bytes(one_layer(s)); }

bool append(Shape s, std::byte* storage, std::int64_t, std::int64_t sequence, std::int64_t position, std::int64_t count,
            const float* k, const float* v) {
  return append_linear(one_layer(s), storage, 0, sequence, position, count, k, v);
}

View view(Shape s, const std::byte* storage, std::int64_t, std::int64_t sequence, std::int64_t end) {
  return view_linear(one_layer(s), storage, 0, sequence, end);
}

constexpr Kernel kRows[] = {{planted("says that it keeps keys and values, and has every position computed anew",
                                     techniques(Technique::kv_cache)),
                             false, one_layer_bytes, append, view},
                            {clean(techniques()), false, one_layer_bytes, append, view}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
