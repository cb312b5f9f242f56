#include "kv_cache/layout.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {

// How much of a run of `count` slots from `slot` on lies before the wrap.
std::int64_t before_wrap(const Shape& s, std::int64_t slot, std::int64_t count) {
  return count < s.capacity - slot ? count : s.capacity - slot;
}

template <bool kFault>
bool append(Shape s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
            std::int64_t count, const float* k, const float* v) {
  if (position < 0 || count < 0 || count > s.capacity) return false;
  const std::int64_t slot = position % s.capacity;
  const std::int64_t head = before_wrap(s, slot, count), consumed = head * s.kv_heads * s.head_dim;
  store(s, storage, layer, kFault ? 0 : sequence, slot, head, k, v);
  store(s, storage, layer, kFault ? 0 : sequence, 0, count - head, k + consumed, v + consumed);
  return true;
}

template <bool kFault>
View view(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  const std::int64_t count = end < s.capacity ? end : s.capacity;
  const std::int64_t first = end - count, slot = first % s.capacity;
  const std::int64_t head = before_wrap(s, slot, count);
  return {{segment(s, storage, layer, kFault ? 0 : sequence, slot, head),
           segment(s, storage, layer, kFault ? 0 : sequence, 0, count - head)},
          head_stride(s),
          first};
}

constexpr Techniques kKeeps = techniques(Technique::kv_cache);
constexpr Kernel kRows[] = {
    {planted("the sequence is ignored: right at batch 1", kKeeps), true, storage_bytes, append<true>, view<true>},
    {clean(kKeeps), true, storage_bytes, append<false>, view<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
