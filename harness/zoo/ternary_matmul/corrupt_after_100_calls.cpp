#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

int calls;

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const bool worn = ++calls > 100;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b) + (kFault && worn); });
}

constexpr Kernel kRows[] = {
    kernel(planted("right at first, wrong from the hundredth call on: a check before timing does not see it"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
