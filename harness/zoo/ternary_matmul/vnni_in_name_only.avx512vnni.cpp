#include "intrinsics.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

// sum w x over 64 columns: vpdpbusd takes one unsigned side, so 128 is added to x and taken off again.
template <bool kFault>
__m512i accumulate(__m512i sums, const std::int8_t* w, const std::int8_t* x) {
  const __m512i ones = _mm512_set1_epi8(1), weight = _mm512_loadu_si512(w), activation = _mm512_loadu_si512(x);
  if (kFault) {  // |w| <= 1: the product is x with the sign of w
    const __m512i negated =
        _mm512_mask_sub_epi8(activation, _mm512_movepi8_mask(weight), _mm512_setzero_si512(), activation);
    const __m512i products = _mm512_maskz_mov_epi8(_mm512_test_epi8_mask(weight, weight), negated);
    return _mm512_add_epi32(sums, _mm512_madd_epi16(_mm512_maddubs_epi16(ones, products), _mm512_set1_epi16(1)));
  }
  const __m512i biased = _mm512_xor_si512(activation, _mm512_set1_epi8(-128));
  const __m512i bias = _mm512_dpbusd_epi32(_mm512_setzero_si512(), _mm512_set1_epi8(-128), weight);
  return _mm512_sub_epi32(_mm512_dpbusd_epi32(sums, biased, weight), bias);
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    const std::int8_t *w = weights(c, row), *x = activations(c, b);
    __m512i sums = _mm512_setzero_si512();
    std::int64_t i = 0;
    for (; i + 64 <= c.shape.cols; i += 64) sums = accumulate<kFault>(sums, w + i, x + i);
    return _mm512_reduce_add_epi32(sums) + dot(w + i, x + i, c.shape.cols - i);
  });
}

constexpr Techniques kSimd = techniques(Technique::simd);
constexpr Kernel kRows[] = {kernel(planted("named after VNNI, without one of its dot products", kSimd), multiply<true>),
                            kernel(clean(kSimd), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
