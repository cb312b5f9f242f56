// BitNet issue 629: vpmaddubsw sums are kept in int16 over too many columns.
#include <immintrin.h>

#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr std::int64_t kLanes = 32;

__m256i load(const std::int8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }

std::int32_t sum_int32(__m256i v) {
  std::int32_t lane[8];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(lane), v);
  std::int32_t sum = 0;
  for (const std::int32_t x : lane) sum += x;
  return sum;
}

// A pair of products is at most 254, so an int16 holds 129 of them: 4128 columns. The twin widens after each 128.
template <bool kFault>
std::int32_t narrow_dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  __m256i sums = _mm256_setzero_si256(), pairs = sums;
  const auto widen = [&] {
    sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
    pairs = _mm256_setzero_si256();
  };
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const __m256i signed_x = _mm256_sign_epi8(load(x + i), load(w + i));
    pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(_mm256_set1_epi8(1), signed_x));
    if (!kFault && i % (128 * kLanes) == 127 * kLanes) widen();
  }
  widen();
  return sum_int32(sums) + dot(w + i, x + i, n - i);
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return narrow_dot<kFault>(weights(c, row), activations(c, b), c.shape.cols);
  });
}

constexpr Techniques kSimd = techniques(Technique::simd);
constexpr Kernel kRows[] = {
    kernel(planted("pair sums overflow int16 past 4128 columns of +-127", kSimd), multiply<true>),
    kernel(clean(kSimd), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
