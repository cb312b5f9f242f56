// 64 bytes are 16 rows x 16 columns. vpdpbusd takes the codes where they lie in their bytes, masked but not shifted:
// position s weighs 4^s, has accumulators of its own and is divided out, exactly, at the end.
#include <immintrin.h>

#include "matmul_sums.hpp"
#include "ternary_matmul/interleaved.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kRowBlock = 16;
// An accumulator sees a quarter of the columns, each at most 2 * 4^3 * 127.
static_assert(2 * 64 * 127 * (matmul::kMaxCols / 4) <= INT32_MAX);

// __m512i in GCC's eyes has 64-bit lanes; accumulators held so are copied twice around every vpdpbusd (GCC 12).
using Int32x16 [[gnu::vector_size(64)]] = std::int32_t;

inline void dot_add(Int32x16& sum, __m512i unsigned_bytes, __m512i bytes) {
  sum = reinterpret_cast<Int32x16>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), unsigned_bytes, bytes));
}

// Accumulators of B activations by position s.
template <int B>
struct Sums {
  Int32x16 at[B][4] = {};

  void add_group(const std::byte* line, const std::int8_t* x, std::int64_t stride) {
    const __m512i packed = _mm512_load_si512(line);
    matmul::unroll<4>([&]<int s>() {
      const __m512i codes = _mm512_and_si512(packed, _mm512_set1_epi32(static_cast<int>(0x03030303u << (2 * s))));
      matmul::unroll<B>([&]<int b>() {
        const __m512i v = _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + b * stride + 4 * s)));
        dot_add(at[b][s], codes, v);
      });
    });
  }

  template <int b>
  __m512i total() const {
    Int32x16 sum = at[b][0];
    matmul::unroll<3>([&]<int i>() { sum += at[b][i + 1] >> 2 * (i + 1); });
    return reinterpret_cast<__m512i>(sum);
  }
};

template <int kLines, int B>
void multiply_rows(const Call& call, std::int64_t row, std::int64_t batch) {
  const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
  const std::int64_t stride = call.input.stride;
  const std::int8_t* x = call.input.x + batch * stride;
  const std::byte* line = call.packed + block_offset(row, call.shape.cols);
  // Few activations make few dependency chains, too few for the latency of vpdpbusd: two groups in flight.
  constexpr int kUnroll = B < 4 ? 2 : 1;
  Sums<B> sums[kUnroll];
  for (const std::int8_t* end = x + cols; x != end; line += kUnroll * 64, x += kUnroll * kGroupCols) {
    matmul::unroll<kUnroll>([&]<int u>() {
      matmul::prefetch_ahead<kLines>(line + u * 64);
      sums[u].add_group(line + u * 64, x + u * kGroupCols, stride);
    });
  }
  const auto stored = static_cast<__mmask16>((1u << matmul::smaller(kRowBlock, call.shape.rows - row)) - 1);
  matmul::unroll<B>([&]<int b>() {
    __m512i y = _mm512_set1_epi32(-matmul::activation_sum(call, batch + b));
    matmul::unroll<kUnroll>([&]<int u>() { y = _mm512_add_epi32(y, sums[u].template total<b>()); });
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
  return {.info = {name, "2-bit codes, 16 rows interleaved, vpdpbusd without shifts",
                   matmul::with_prefetch<kLines>(techniques(Technique::simd))},
          .row_multiple = kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<kRowBlock>,
          .pack = pack<kRowBlock>,
          .prepared_bytes = matmul::activation_sums_bytes,
          .prepare = matmul::prepare_activation_sums,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<kLines>};
}
constexpr Kernel kRows[] = {row<0>(""), row<4>("pf4"), row<8>("pf8"), row<16>("pf16"), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
