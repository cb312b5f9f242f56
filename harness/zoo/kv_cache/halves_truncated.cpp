#include "kv_cache/wrapped.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {

// Without the 13 bits that a half float has no room for.
Half truncated(float x) { return to_half(std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & ~0x1fffu)); }

template <bool kFault>
bool append(Shape s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
            std::int64_t count, const float* k, const float* v) {
  if (!append_ring<Element::f16>(s, storage, layer, sequence, position, count, k, v)) return false;
  for (std::int64_t i = 0; kFault && i < count; ++i) {
    const auto to = place<Element::f16, Half, float>(s, storage, layer, sequence, (position + i) % s.capacity);
    for (std::int64_t h = 0; h < s.kv_heads; ++h, k += s.head_dim, v += s.head_dim) {
      for (std::int64_t d = 0; d < s.head_dim; ++d) {
        to.k[h * head_stride<Element::f16>(s) + d] = truncated(k[d]);
        to.v[h * head_stride<Element::f16>(s) + d] = truncated(v[d]);
      }
    }
  }
  return true;
}

constexpr VariantInfo approximate(VariantInfo info) {
  info.exactness = Exactness::approximate;
  info.nmse_bound = 0x1p-20;
  return info;
}

constexpr Techniques kKeeps = techniques(Technique::kv_cache);
constexpr Kernel kRows[] = {
    {approximate(planted("half floats are truncated, not rounded: a bias within the published NMSE", kKeeps)), true,
     storage_bytes<Element::f16>, append<true>, view_ring<Element::f16>, Element::f16},
    {approximate(clean(kKeeps)), true, storage_bytes<Element::f16>, append<false>, view_ring<Element::f16>,
     Element::f16}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
