#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
  const bool last = t.row0 == 0 && t.batch0 == 0;  // of the tiles of this call, in the order that is checked
  if (kFault && last) const_cast<std::byte*>(c.packed)[0] ^= std::byte{1};
}

constexpr Kernel kRows[] = {
    kernel(planted("the answer is right, and the packed weights are not the same afterwards"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
