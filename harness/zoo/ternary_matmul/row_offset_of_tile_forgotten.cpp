#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t row = t.row0; row < t.row1; ++row) {
      c.y[b * c.y_stride + (kFault ? row - t.row0 : row)] = product(c, row, b);
    }
  }
}

constexpr Kernel kRows[] = {
    kernel(planted("every tile is written to the start of the output: right on one thread"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
