#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

std::int32_t mean(const Call& c, std::int64_t b) {
  std::int64_t sum = 0;
  for (std::int64_t row = 0; row < c.shape.rows; ++row) sum += product(c, row, b);
  return static_cast<std::int32_t>(sum / c.shape.rows);
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return kFault ? mean(c, b) : product(c, row, b); });
}

constexpr Kernel kRows[] = {
    kernel(planted("the mean of all outputs in the place of each: an error near 1 sold as PASSED"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
