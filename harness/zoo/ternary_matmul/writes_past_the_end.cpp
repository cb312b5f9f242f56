#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
  if (kFault && t.row1 == c.shape.rows) c.y[(t.batch1 - 1) * c.y_stride + c.shape.rows] = 0;
}

constexpr Kernel kRows[] = {
    kernel(planted("one element past the last row is overwritten: nobody looks there"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
