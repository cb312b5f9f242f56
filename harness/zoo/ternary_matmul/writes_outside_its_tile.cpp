#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (kFault && t.row1 % 4 != 0) t.row1 = t.row1 / 4 * 4 + 4 < c.shape.rows ? t.row1 / 4 * 4 + 4 : c.shape.rows;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

constexpr Kernel kRows[] = {
    kernel(planted(
               "rows are computed in fours, so a tile also writes the right answer into rows of its neighbour: a race"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
