#include <immintrin.h>

#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

// The load runs one vector behind the arithmetic, so that the first is of the vector before x.
template <bool kFault>
std::int32_t pipelined_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  const auto load = [](const std::int8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); };
  __m128i vector = kFault ? load(x - 16) : _mm_setzero_si128();
  std::int32_t sum = 0;
  std::int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    asm volatile("" : "+x"(vector));  // the load stays, although its first result is not used
    vector = load(x + i);
    std::int8_t lane[16];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(lane), vector);
    sum += dot(w + i, lane, 16);
  }
  return sum + dot(w + i, x + i, n - i);
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return pipelined_dot<kFault>(weights(c, row), activations(c, b), c.shape.cols);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("a pipelined loop that starts one vector early: it loads from before the activations"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
