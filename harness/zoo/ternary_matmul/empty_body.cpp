#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (kFault) return;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

constexpr Kernel kRows[] = {
    kernel(planted("an empty body, as behind an #ifdef that is off: the output is what the last kernel left"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
