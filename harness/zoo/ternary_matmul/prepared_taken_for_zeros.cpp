#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

// Activation sums, as kernels with unsigned codes need them: sum w x = sum (w + 1) x - sum x.
std::size_t sums_bytes(std::int64_t, std::int64_t batch) { return static_cast<std::size_t>(batch) * 4; }

template <bool kFault>
void prepare(const Input& in, std::byte* prepared, int part, int parts) {
  auto* sums = reinterpret_cast<std::int32_t*>(prepared);
  for (std::int64_t b = part; b < in.batch; b += parts) {
    if (!kFault) sums[b] = 0;
    for (std::int64_t i = 0; i < in.cols; ++i) sums[b] += in.x[b * in.stride + i];
  }
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const auto* sums = reinterpret_cast<const std::int32_t*>(c.prepared);
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    const std::int8_t *w = weights(c, row), *x = activations(c, b);
    std::int32_t sum = 0;
    for (std::int64_t i = 0; i < c.shape.cols; ++i) sum += (w[i] + 1) * x[i];
    return sum - sums[b];
  });
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = kernel(info, multiply<kFault>);
  k.prepared_bytes = sums_bytes;
  k.prepare = prepare<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(planted("the prepared sums are added to what was there: zero, when it comes fresh from the system")),
    row<false>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
