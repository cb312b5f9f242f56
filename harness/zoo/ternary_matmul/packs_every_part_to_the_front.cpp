#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void pack_part(Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  const std::int64_t at = kFault ? 0 : row0;
  pack(s, w, at, at + row1 - row0, packed);
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

constexpr Kernel kRows[] = {
    row<true>(planted("weights packed in two parts both land at the front: right when packed at once")),
    row<false>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
