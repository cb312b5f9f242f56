// 32 bytes are 8 rows x 4 columns. w x = |w| sign(x, w) gives vpmaddubsw its unsigned operand, and 2 * 127 * 127 =
// 32258 fits its int16 result.
#include "dense_matmul/interleaved.hpp"

namespace bitproof::dense_matmul {
namespace {

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = 8, kStreams = kStreamsWanted, kLines = kLinesAhead, kBatchBlock = 4;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
    const std::int64_t stride = call.input.stride, apart = block_offset(gap, call.shape.cols);
    const std::int8_t* x = call.input.x + batch * stride;
    const std::byte* line = call.packed + block_offset(row, call.shape.cols);
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum[S][B] = {};
    for (const std::int8_t* end = x + cols; x != end; line += 64, x += 2 * kGroupCols) {
      matmul::unroll<S>([&]<int s>() {
        matmul::prefetch_ahead<kLines>(line + s * apart);
        matmul::unroll<2>([&]<int half>() {
          const __m256i w = _mm256_load_si256(reinterpret_cast<const __m256i*>(line + s * apart) + half);
          const __m256i magnitude = _mm256_abs_epi8(w);
          matmul::unroll<B>([&]<int b>() {
            const auto v = static_cast<int>(matmul::load_u32(x + b * stride + half * kGroupCols));
            const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(_mm256_set1_epi32(v), w));
            sum[s][b] = _mm256_add_epi32(sum[s][b], _mm256_madd_epi16(pairs, ones));
          });
        });
      });
    }
    matmul::unroll<S>([&]<int s>() {
      matmul::unroll<B>([&]<int b>() { matmul::store_rows(call, row + s * gap, batch + b, sum[s][b]); });
    });
  }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return interleaved_row<Rows<kLines, kStreams>, 0>(name, "8 rows interleaved, vpmaddubsw of |w|, signed activations");
}
constexpr Kernel kRows[] = {row<4>(""), row<1>("s1"), row<4, 8>("pf8"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
