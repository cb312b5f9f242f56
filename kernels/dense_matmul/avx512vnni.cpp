// 64 bytes are 16 rows x 4 columns of w + 128, the unsigned operand of vpdpbusd: sum w v = sum (w + 128) v - 128 sum v.
#include "dense_matmul/interleaved.hpp"
#include "matmul_rows.hpp"
#include "matmul_sums.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kOffset = 128;
// One accumulator could take every column: w + 128 <= 255.
static_assert(255 * 127 * matmul::kMaxCols <= INT32_MAX);

template <int kLines>
struct Rows {
  static constexpr int kRowBlock = 16;

  template <int B>
  static void multiply(const Call& call, std::int64_t row, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
    const std::int64_t stride = call.input.stride;
    const std::int8_t* x = call.input.x + batch * stride;
    const std::byte* line = call.packed + block_offset(row, call.shape.cols);
    // Independent chains, against the latency of vpdpbusd.
    constexpr int kChains = 4;
    matmul::Int32x16 sum[B][kChains] = {};
    for (const std::int8_t* end = x + cols; x != end; line += kChains * 64, x += kChains * kGroupCols) {
      matmul::unroll<kChains>([&]<int chain>() {
        matmul::prefetch_ahead<kLines>(line + chain * 64);
        const __m512i w = _mm512_load_si512(line + chain * 64);
        matmul::unroll<B>([&]<int b>() {
          const __m512i v = _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + b * stride + chain * kGroupCols)));
          matmul::dot_add(sum[b][chain], w, v);
        });
      });
    }
    matmul::unroll<B>([&]<int b>() {
      __m512i y = _mm512_set1_epi32(-kOffset * matmul::activation_sum(call, batch + b));
      matmul::unroll<kChains>([&]<int chain>() { y = _mm512_add_epi32(y, reinterpret_cast<__m512i>(sum[b][chain])); });
      matmul::store_rows(call, row, batch + b, y);
    });
  }
};

template <int kLines>
constexpr Kernel row(const char* name) {
  return interleaved_row<Rows, kLines, kOffset>(name, "16 rows interleaved, vpdpbusd of w + 128");
}
constexpr Kernel kRows[] = {row<0>(""), row<8>("pf8")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
