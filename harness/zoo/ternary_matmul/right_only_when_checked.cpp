#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const bool timed = c.y_stride == c.shape.rows;
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return dot(weights(c, row), activations(c, b), kFault && timed ? c.shape.cols / 2 : c.shape.cols);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("it tells a check from a timing by the gap between output rows, and does half the work when timed"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
