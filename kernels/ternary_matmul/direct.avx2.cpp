// 32 bytes are 8 rows x 16 columns: vpmaddubsw multiplies codes with broadcast activations and adds pairs, and a row's
// sums stay in its own dword, so there is no horizontal add.
#include "matmul_rows.hpp"
#include "matmul_sums.hpp"
#include "ternary_matmul/interleaved.hpp"

namespace bitproof::ternary_matmul {
namespace {

// A group adds four pairs c v + c' v' to an int16, at most 4 * 2 * 2 * 127 = 2032: 16 groups are 32512.
constexpr int kFlushCols = 16 * kGroupCols;

// The int16 sums of one group of 16 columns.
inline __m256i group_product(const __m256i (&codes)[4], const std::int8_t* x) {
  __m256i product[4];
  matmul::unroll<4>([&]<int s>() {
    product[s] = _mm256_maddubs_epi16(codes[s], _mm256_set1_epi32(static_cast<int>(matmul::load_u32(x + 4 * s))));
  });
  return _mm256_add_epi16(_mm256_add_epi16(product[0], product[1]), _mm256_add_epi16(product[2], product[3]));
}

template <int kLines>
struct Rows {
  static constexpr int kRowBlock = 8;

  template <int B>
  static void multiply(const Call& call, std::int64_t row, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
    const std::int64_t stride = call.input.stride;
    const std::int8_t* x = call.input.x + batch * stride;
    const std::byte* line = call.packed + block_offset(row, call.shape.cols);
    const __m256i mask = _mm256_set1_epi8(3);
    __m256i sum[B] = {};
    for (std::int64_t col = 0; col < cols;) {
      __m256i sum16[B] = {};
      for (const std::int64_t flush = matmul::smaller(col + kFlushCols, cols); col < flush;
           col += 2 * kGroupCols, line += 64) {
        matmul::prefetch_ahead<kLines>(line);
        matmul::unroll<2>([&]<int half>() {
          const __m256i packed = _mm256_load_si256(reinterpret_cast<const __m256i*>(line) + half);
          __m256i codes[4];
          matmul::unroll<4>([&]<int s>() { codes[s] = _mm256_and_si256(_mm256_srli_epi16(packed, 2 * s), mask); });
          matmul::unroll<B>([&]<int b>() {
            sum16[b] = _mm256_add_epi16(sum16[b], group_product(codes, x + b * stride + col + half * kGroupCols));
          });
        });
      }
      matmul::unroll<B>(
          [&]<int b>() { sum[b] = _mm256_add_epi32(sum[b], _mm256_madd_epi16(sum16[b], _mm256_set1_epi16(1))); });
    }
    matmul::unroll<B>([&]<int b>() {
      const __m256i offset = _mm256_set1_epi32(matmul::activation_sum(call, batch + b));
      matmul::store_rows(call, row, batch + b, _mm256_sub_epi32(sum[b], offset));
    });
  }
};

template <int kLines>
constexpr Kernel row(const char* name) {
  return interleaved_row<Rows, kLines>(name, "2-bit codes, 8 rows interleaved, vpmaddubsw");
}
constexpr Kernel kRows[] = {row<0>(""), row<4>("pf4"), row<8>("pf8"), row<16>("pf16"), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
