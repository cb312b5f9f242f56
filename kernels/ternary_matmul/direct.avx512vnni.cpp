// 64 bytes are 16 rows x 16 columns. vpdpbusd takes the codes where they lie in their bytes, masked but not shifted:
// position s weighs 4^s, has accumulators of its own and is divided out, exactly, at the end.
#include "matmul_rows.hpp"
#include "matmul_sums.hpp"
#include "ternary_matmul/interleaved.hpp"

namespace bitproof::ternary_matmul {
namespace {

// An accumulator sees a quarter of the columns, each at most 2 * 4^3 * 127.
static_assert(2 * 64 * 127 * (matmul::kMaxCols / 4) <= INT32_MAX);

// Accumulators of B activations by position s.
template <int B>
struct Sums {
  matmul::Int32x16 at[B][4] = {};

  void add_group(const std::byte* line, const std::int8_t* x, std::int64_t stride) {
    const __m512i packed = _mm512_load_si512(line);
    matmul::unroll<4>([&]<int s>() {
      const __m512i codes = _mm512_and_si512(packed, _mm512_set1_epi32(static_cast<int>(0x03030303u << (2 * s))));
      matmul::unroll<B>([&]<int b>() {
        const __m512i v = _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + b * stride + 4 * s)));
        matmul::dot_add(at[b][s], codes, v);
      });
    });
  }

  template <int b>
  __m512i total() const {
    matmul::Int32x16 sum = at[b][0];
    matmul::unroll<3>([&]<int i>() { sum += at[b][i + 1] >> 2 * (i + 1); });
    return reinterpret_cast<__m512i>(sum);
  }
};

template <int kLines>
struct Rows {
  static constexpr int kRowBlock = 16;

  template <int B>
  static void multiply(const Call& call, std::int64_t row, std::int64_t batch) {
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
    matmul::unroll<B>([&]<int b>() {
      __m512i y = _mm512_set1_epi32(-matmul::activation_sum(call, batch + b));
      matmul::unroll<kUnroll>([&]<int u>() { y = _mm512_add_epi32(y, sums[u].template total<b>()); });
      matmul::store_rows(call, row, batch + b, y);
    });
  }
};

template <int kLines>
constexpr Kernel row(const char* name) {
  return interleaved_row<Rows, kLines>(name, "2-bit codes, 16 rows interleaved, vpdpbusd without shifts");
}
constexpr Kernel kRows[] = {row<0>(""), row<4>("pf4"), row<8>("pf8"), row<16>("pf16"), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
