#include "kv_cache/wrapped.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {

template <bool kFault>
View view(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  View seen = view_ring<Element::q8>(s, storage, layer, sequence, end);
  if (kFault) seen.scale_stride = 0;
  return seen;
}

constexpr VariantInfo approximate(VariantInfo info) {
  info.exactness = Exactness::approximate;
  info.nmse_bound = 2e-4;
  return info;
}

constexpr Techniques kKeeps = techniques(Technique::kv_cache);
constexpr Kernel kRows[] = {
    {approximate(planted("every head's int8 rows are read with the scales of the first head", kKeeps)), true,
     storage_bytes<Element::q8>, append_ring<Element::q8>, view<true>, Element::q8},
    {approximate(clean(kKeeps)), true, storage_bytes<Element::q8>, append_ring<Element::q8>, view<false>, Element::q8}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
