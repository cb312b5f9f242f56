// 64 bytes are 16 rows x 4 columns of w + 128, the unsigned operand of vpdpbusd: sum w v = sum (w + 128) v - 128 sum v.
#include <immintrin.h>

#include "dense_matmul/interleaved.hpp"
#include "matmul_sums.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kRowBlock = 16;
constexpr int kOffset = 128;
// One accumulator could take every column: w + 128 <= 255.
static_assert(255 * 127 * matmul::kMaxCols <= INT32_MAX);

// __m512i in GCC's eyes has 64-bit lanes; accumulators held so are copied twice around every vpdpbusd (GCC 12).
using Int32x16 [[gnu::vector_size(64)]] = std::int32_t;

inline void dot_add(Int32x16& sum, __m512i unsigned_bytes, __m512i bytes) {
  sum = reinterpret_cast<Int32x16>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), unsigned_bytes, bytes));
}

template <int kLines, int B>
void multiply_rows(const Call& call, std::int64_t row, std::int64_t batch) {
  const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
  const std::int64_t stride = call.input.stride;
  const std::int8_t* x = call.input.x + batch * stride;
  const std::byte* line = call.packed + block_offset(row, call.shape.cols);
  // Independent chains, against the latency of vpdpbusd.
  constexpr int kChains = 4;
  Int32x16 sum[B][kChains] = {};
  for (const std::int8_t* end = x + cols; x != end; line += kChains * 64, x += kChains * kGroupCols) {
    matmul::unroll<kChains>([&]<int chain>() {
      matmul::prefetch_ahead<kLines>(line + chain * 64);
      const __m512i w = _mm512_load_si512(line + chain * 64);
      matmul::unroll<B>([&]<int b>() {
        const __m512i v = _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + b * stride + chain * kGroupCols)));
        dot_add(sum[b][chain], w, v);
      });
    });
  }
  const auto stored = static_cast<__mmask16>((1u << matmul::smaller(kRowBlock, call.shape.rows - row)) - 1);
  matmul::unroll<B>([&]<int b>() {
    __m512i y = _mm512_set1_epi32(-kOffset * matmul::activation_sum(call, batch + b));
    matmul::unroll<kChains>([&]<int chain>() { y = _mm512_add_epi32(y, reinterpret_cast<__m512i>(sum[b][chain])); });
    _mm512_mask_storeu_epi32(call.y + (batch + b) * call.y_stride + row, stored, y);
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
  return {.info = {name, "16 rows interleaved, vpdpbusd of w + 128",
                   matmul::with_prefetch<kLines>(techniques(Technique::simd))},
          .row_multiple = kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<kRowBlock>,
          .pack = pack<kRowBlock, kOffset>,
          .prepared_bytes = matmul::activation_sums_bytes,
          .prepare = matmul::prepare_activation_sums,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<kLines>};
}
constexpr Kernel kRows[] = {row<0>(""), row<8>("pf8")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
