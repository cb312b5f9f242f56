// 32 bytes are 8 rows x 4 columns. w x = |w| sign(x, w) gives vpmaddubsw its unsigned operand, and 2 * 127 * 127 =
// 32258 fits its int16 result.
#include <immintrin.h>

#include "dense_matmul/interleaved.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kRowBlock = 8;

template <int kLines, int B>
void multiply_rows(const Call& call, std::int64_t row, std::int64_t batch) {
  const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
  const std::int64_t stride = call.input.stride;
  const std::int8_t* x = call.input.x + batch * stride;
  const std::byte* line = call.packed + block_offset(row, call.shape.cols);
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sum[B] = {};
  for (const std::int8_t* end = x + cols; x != end; line += 64, x += 2 * kGroupCols) {
    matmul::prefetch_ahead<kLines>(line);
    matmul::unroll<2>([&]<int half>() {
      const __m256i w = _mm256_load_si256(reinterpret_cast<const __m256i*>(line) + half);
      const __m256i magnitude = _mm256_abs_epi8(w);
      matmul::unroll<B>([&]<int b>() {
        const __m256i v = _mm256_set1_epi32(static_cast<int>(matmul::load_u32(x + b * stride + half * kGroupCols)));
        const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(v, w));
        sum[b] = _mm256_add_epi32(sum[b], _mm256_madd_epi16(pairs, ones));
      });
    });
  }
  const std::int64_t rows = matmul::smaller(kRowBlock, call.shape.rows - row);
  matmul::unroll<B>([&]<int b>() {
    alignas(32) std::int32_t out[kRowBlock];
    _mm256_store_si256(reinterpret_cast<__m256i*>(out), sum[b]);
    std::memcpy(call.y + (batch + b) * call.y_stride + row, out, static_cast<std::size_t>(rows) * sizeof *out);
  });
}

template <int kLines>
void multiply(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t row = tile.row0; row < tile.row1; row += kRowBlock) {
    matmul::for_batch_blocks<4>(tile.batch0, tile.batch1,
                                [&]<int B>(std::int64_t batch) { multiply_rows<kLines, B>(call, row, batch); });
  }
}

template <int kLines>
constexpr Kernel row(const char* name) {
  return {.info = {name, "8 rows interleaved, vpmaddubsw of |w| and signed activations",
                   matmul::with_prefetch<kLines>(techniques(Technique::simd))},
          .row_multiple = kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<kRowBlock>,
          .pack = pack<kRowBlock, 0>,
          .prepared_bytes = matmul::nothing_prepared,
          .prepare = matmul::prepare_nothing,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<kLines>};
}
constexpr Kernel kRows[] = {row<0>(""), row<8>("pf8")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
