#include "intrinsics.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

// One product at a time, whatever the flags of the file allow.
__attribute__((noinline, optimize("no-tree-vectorize"))) std::int32_t scalar_dot(const std::int8_t* w,
                                                                                 const std::int8_t* x, std::int64_t n) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += w[i] * x[i];
  return sum;
}

std::int32_t vector_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  const auto widened = [](const std::int8_t* p) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  };
  __m512i sums = _mm512_setzero_si512();
  std::int64_t i = 0;
  for (; i + 32 <= n; i += 32) sums = _mm512_add_epi32(sums, _mm512_madd_epi16(widened(w + i), widened(x + i)));
  return _mm512_reduce_add_epi32(sums) + scalar_dot(w + i, x + i, n - i);
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t row = t.row0; row < t.row1; ++row) {
      const std::int8_t *w = weights(c, row), *x = activations(c, b);
      c.y[b * c.y_stride + row] = kFault ? scalar_dot(w, x, c.shape.cols) : vector_dot(w, x, c.shape.cols);
    }
  }
}

constexpr Techniques kSimd = techniques(Technique::simd);
constexpr Kernel kRows[] = {
    kernel(planted("named AVX-512, and scalar inside: the answer is right", kSimd), multiply<true>),
    kernel(clean(kSimd), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
