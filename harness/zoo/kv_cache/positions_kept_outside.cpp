#include "kv_cache/layout.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {

std::int64_t newest;  // positions in the cache that was appended to last

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
  store(s, storage, layer, sequence, slot, head, k, v);
  store(s, storage, layer, sequence, 0, count - head, k + consumed, v + consumed);
  newest = position + count;
  return true;
}

template <bool kFault>
View view(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  const std::int64_t count = (kFault ? newest : end) < s.capacity ? (kFault ? newest : end) : s.capacity;
  const std::int64_t first = end - count, slot = first % s.capacity;
  const std::int64_t head = before_wrap(s, slot, count);
  return {{segment(s, storage, layer, sequence, slot, head), segment(s, storage, layer, sequence, 0, count - head)},
          head_stride(s),
          first};
}

constexpr Techniques kKeeps = techniques(Technique::kv_cache);
constexpr Kernel kRows[] = {
    {planted("the fill count is kept in a variable, not in the arguments: right for one cache at a time", kKeeps), true,
     storage_bytes, append<true>, view<true>},
    {clean(kKeeps), true, storage_bytes, append<false>, view<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
