#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr std::int64_t kBlock = 16;

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    const std::int64_t cols = kFault ? c.shape.cols / kBlock * kBlock : c.shape.cols;
    return dot(weights(c, row), activations(c, b), cols);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("the columns after the last whole block are left out: right on the shapes of the paper"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
