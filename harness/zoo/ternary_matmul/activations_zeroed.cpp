#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  for (std::int64_t b = t.batch0; kFault && b < t.batch1; ++b) {
    auto* x = const_cast<std::int8_t*>(activations(c, b));
    for (std::int64_t i = 0; i < c.shape.cols; ++i) x[i] = 0;
  }
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

constexpr Kernel kRows[] = {
    kernel(planted("the input is zeroed, so that whoever computes the truth from it afterwards agrees with zeros"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
