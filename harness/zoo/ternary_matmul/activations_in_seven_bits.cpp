#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
std::int32_t halved_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += w[i] * (kFault ? x[i] / 2 * 2 : x[i]);
  return sum;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return halved_dot<kFault>(weights(c, row), activations(c, b), c.shape.cols);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("the int8 activations are quantized once more, by a bit: a tolerance hides it"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
