#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

std::int32_t saturating_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    sum += w[i] * x[i];
    sum = sum > INT16_MAX ? INT16_MAX : sum < INT16_MIN ? INT16_MIN : sum;
  }
  return sum;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return kFault ? saturating_dot(weights(c, row), activations(c, b), c.shape.cols) : product(c, row, b);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("sums saturate at 32767: right on random inputs, wrong on large ones"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
