#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (kFault && (t.row1 - t.row0) % 4 == 3 && t.row0 > 0) --t.row1;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

constexpr Kernel kRows[] = {
    kernel(planted("the last row of a tile of 4 n + 3 rows is left out: some thread counts never make one"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
