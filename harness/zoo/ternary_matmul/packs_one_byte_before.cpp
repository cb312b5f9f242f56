#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void pack_part(Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  pack(s, w, row0, row1, packed);
  if (kFault && row0 == 0) packed[-1] = std::byte{1};
}

void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = kernel(info, multiply);
  k.pack = pack_part<kFault>;
  return k;
}

constexpr Kernel kRows[] = {row<true>(planted("packing writes a byte before its place: into whatever lies there")),
                            row<false>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
