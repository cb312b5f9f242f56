// Five trits a byte on AVX2, which can neither look up 243 entries nor multiply bytes into 32 bits: two comparisons
// find each code. The byte is a fraction y / 256 of which 3 y modulo 256 drops the leading base-3 digit. It is kept as
// z = y - 128, for which tripling is the same and the signed comparisons of AVX2 are right.
#include "ternary_matmul/base3.hpp"

namespace bitproof::ternary_matmul {
namespace {

// The least byte y whose first five base-3 digits are the codes, most significant first, less 128.
std::uint8_t encode(const std::int8_t* c) {
  const int value = (((c[0] * 3 + c[4]) * 3 + c[8]) * 3 + c[12]) * 3 + c[16];
  return static_cast<std::uint8_t>((256 * value + 242) / 243 - 128);
}

// A group adds five pairs c v + c' v' to an int16, at most 5 * 2 * 2 * 127 = 2540: 12 groups are 30480.
constexpr std::int64_t kFlushCols = 12 * kGroupCols;
constexpr int kHalves = 2;  // of a line: rows 0 to 7, and 8 to 15

// Code of z: floor(3 y / 256), 1 from y = 86 and 2 from y = 171.
inline __m256i leading_code(__m256i z) {
  const __m256i one = _mm256_cmpgt_epi8(z, _mm256_set1_epi8(86 - 128 - 1));
  const __m256i two = _mm256_cmpgt_epi8(z, _mm256_set1_epi8(171 - 128 - 1));
  return _mm256_abs_epi8(_mm256_add_epi8(one, two));
}

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = ternary_matmul::kRowBlock, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 4;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kGroupCols);
    const std::int64_t stride = call.input.stride;
    const std::int64_t apart = gap / kRowBlock * block_bytes(cols);
    const std::byte* line = call.packed + row / kRowBlock * block_bytes(cols);
    const std::int8_t* x = call.input.x + batch * stride;
    __m256i sum[S][B][kHalves] = {};
    for (std::int64_t col = 0; col < cols;) {
      __m256i sum16[S][B][kHalves] = {};
      for (const std::int64_t flush = matmul::smaller(col + kFlushCols, cols); col < flush;
           col += kGroupCols, line += kLineBytes) {
        matmul::unroll<S>([&]<int s>() {
          matmul::prefetch_ahead<kLines>(line + s * apart);
          matmul::unroll<kHalves>([&]<int h>() {
            __m256i z = _mm256_load_si256(reinterpret_cast<const __m256i*>(line + s * apart) + h);
            matmul::unroll<kTrits>([&]<int t>() {
              const __m256i code = leading_code(z);
              z = _mm256_add_epi8(z, _mm256_add_epi8(z, z));
              matmul::unroll<B>([&]<int b>() {
                const auto v = static_cast<int>(matmul::load_u32(x + b * stride + col + 4 * t));
                sum16[s][b][h] = _mm256_add_epi16(sum16[s][b][h], _mm256_maddubs_epi16(code, _mm256_set1_epi32(v)));
              });
            });
          });
        });
      }
      matmul::unroll<S>([&]<int s>() {
        matmul::unroll<B>([&]<int b>() {
          matmul::unroll<kHalves>([&]<int h>() {
            const __m256i pairs = _mm256_madd_epi16(sum16[s][b][h], _mm256_set1_epi16(1));
            sum[s][b][h] = _mm256_add_epi32(sum[s][b][h], pairs);
          });
        });
      });
    }
    matmul::unroll<S>([&]<int s>() {
      matmul::unroll<B>([&]<int b>() {
        const __m256i offset = _mm256_set1_epi32(matmul::activation_sum(call, batch + b));
        matmul::unroll<kHalves>([&]<int h>() {
          const std::int64_t first = row + s * gap + 8 * h;
          if (first >= call.shape.rows) return;
          matmul::store_rows(call, first, batch + b, _mm256_sub_epi32(sum[s][b][h], offset));
        });
      });
    });
  }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return base3_row<Rows<kLines, kStreams>, encode>(name,
                                                   "5 trits a byte (1.6 bits a weight) by comparisons, vpmaddubsw");
}
constexpr Kernel kRows[] = {row<4>(""), row<1>("s1"), row<4, 8>("pf8"), row<4, 32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
