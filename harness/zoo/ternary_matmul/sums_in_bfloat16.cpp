#include <cstring>

#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

// To nearest, ties to even.
float bfloat16(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, 4);
  bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
  std::memcpy(&x, &bits, 4);
  return x;
}

template <bool kFault>
std::int32_t float_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  constexpr std::int64_t kBlock = 64;
  double sum = 0;
  for (std::int64_t i = 0; i < n; i += kBlock) {
    sum += dot(w + i, x + i, n - i < kBlock ? n - i : kBlock);
    if (kFault) sum = bfloat16(static_cast<float>(sum));
  }
  return static_cast<std::int32_t>(sum);
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return float_dot<kFault>(weights(c, row), activations(c, b), c.shape.cols);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("sums are kept in bfloat16: near enough for a tolerance in per cent"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
