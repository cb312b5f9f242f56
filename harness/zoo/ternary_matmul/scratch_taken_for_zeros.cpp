#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

std::size_t one_line(Shape, std::int64_t) { return 64; }

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte* scratch) {
  auto* sum = reinterpret_cast<std::int32_t*>(scratch);
  if (!kFault) *sum = 0;
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    *sum += product(c, row, b);
    const std::int32_t y = *sum;
    *sum = 0;
    return y;
  });
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = kernel(info, multiply<kFault>);
  k.scratch_bytes = one_line;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(planted("scratch is taken to be zero: so it is when it comes fresh from the system")),
    row<false>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
