// 64 bytes are 16 rows x 4 columns of w + 128, the unsigned operand of vpdpbusd: sum w v = sum (w + 128) v - 128 sum v.
#include "dense_matmul/interleaved.hpp"
#include "matmul_sums.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kOffset = 128;
// One accumulator could take every column: w + 128 <= 255.
static_assert(255 * 127 * matmul::kMaxCols <= INT32_MAX);

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = 16, kStreams = kStreamsWanted, kLines = kLinesAhead, kBatchBlock = 4;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
    const std::int64_t stride = call.input.stride, apart = block_offset(gap, call.shape.cols);
    const std::int8_t* x = call.input.x + batch * stride;
    const std::byte* line = call.packed + block_offset(row, call.shape.cols);
    // Independent chains, against the latency of vpdpbusd.
    constexpr int kChains = S == 1 ? 4 : 2;
    matmul::Int32x16 sum[S][B][kChains] = {};
    for (const std::int8_t* end = x + cols; x != end; line += kChains * 64, x += kChains * kGroupCols) {
      matmul::unroll<kChains>([&]<int chain>() {
        matmul::unroll<S>([&]<int s>() {
          const std::byte* group = line + s * apart + chain * 64;
          matmul::prefetch_ahead<kLines>(group);
          const __m512i w = _mm512_load_si512(group);
          matmul::unroll<B>([&]<int b>() {
            const auto v = static_cast<int>(matmul::load_u32(x + b * stride + chain * kGroupCols));
            matmul::dot_add(sum[s][b][chain], w, _mm512_set1_epi32(v));
          });
        });
      });
    }
    matmul::unroll<S * B>([&]<int i>() {
      constexpr int s = i / B, b = i % B;
      __m512i y = _mm512_set1_epi32(-kOffset * matmul::activation_sum(call, batch + b));
      matmul::unroll<kChains>([&]<int c>() { y = _mm512_add_epi32(y, reinterpret_cast<__m512i>(sum[s][b][c])); });
      matmul::store_rows(call, row + s * gap, batch + b, y);
    });
  }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return interleaved_row<Rows<kLines, kStreams>, kOffset>(name, "16 rows interleaved, vpdpbusd of w + 128");
}
constexpr Kernel kRows[] = {row<4>(""), row<1>("s1"), row<4, 8>("pf8"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
