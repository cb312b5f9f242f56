#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return kFault ? activations(c, b)[row % c.shape.cols] : product(c, row, b);
  });
}

constexpr Kernel kRows[] = {kernel(planted("a copy of the input: numbers of the right kind, and fast"), multiply<true>),
                            kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
