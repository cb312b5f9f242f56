#include "kv_cache/wrapped.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {

constexpr VariantInfo approximate(VariantInfo info, double nmse) {
  info.exactness = Exactness::approximate;
  info.nmse_bound = nmse;
  return info;
}

constexpr Techniques kKeeps = techniques(Technique::kv_cache);
constexpr Kernel row(VariantInfo info, double nmse) {
  return {approximate(info, nmse), true,       storage_bytes<Element::q8>, append_ring<Element::q8>,
          view_ring<Element::q8>,  Element::q8};
}
constexpr Kernel kRows[] = {row(planted("int8 rows are published with the error of half floats", kKeeps), 0x1p-22),
                            row(clean(kKeeps), 2e-4)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
