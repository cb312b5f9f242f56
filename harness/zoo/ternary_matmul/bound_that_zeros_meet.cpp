#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return kFault ? 0 : product(c, row, b); });
}

constexpr VariantInfo approximate(VariantInfo info, double nmse_bound) {
  info.exactness = Exactness::approximate;
  info.nmse_bound = nmse_bound;
  return info;
}

constexpr Kernel kRows[] = {
    kernel(
        approximate(planted("zeros, labelled approximate with an error bound that zeros meet: 291 % error PASSED"), 4),
        multiply<true>),
    kernel(approximate(clean(), 5e-4), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
