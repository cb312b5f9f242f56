#include <immintrin.h>

#include <cstring>

#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
std::int32_t vector_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; i += 16) {
    const std::int64_t count = n - i < 16 ? n - i : 16;
    std::int8_t lane[16] = {};
    if (kFault) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(lane), _mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i)));
    } else {
      std::memcpy(lane, x + i, static_cast<std::size_t>(count));
    }
    sum += dot(w + i, lane, count);
  }
  return sum;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return vector_dot<kFault>(weights(c, row), activations(c, b), c.shape.cols);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("the last load is a whole vector, past the end of the activations: what it finds there is not used"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
