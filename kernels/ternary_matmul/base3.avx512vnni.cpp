// Five trits a byte without ever extracting one. The byte is the fraction y0 / 256 whose base-3 digits are the codes:
// y(n+1) = 3 y(n) mod 256 and code d(n) = (3 y(n) - y(n+1)) / 256, so
//
//   sum d v = (3 sum y(n) v(n) - sum y(n+1) v(n)) / 256,
//
// two vpdpbusd and two byte additions a code. Sums wrap modulo 2^32; y = sum q v fits 24 bits (2^16 columns of at most
// 127), so 256 y survives the wrapping and the division is an arithmetic shift.
#include "ternary_matmul/base3.hpp"

namespace bitproof::ternary_matmul {
namespace {

static_assert(127 * matmul::kMaxCols < 1 << 23);

// The least byte y0 whose first five digits are the codes, most significant first.
std::uint8_t encode(const std::int8_t* c) {
  const int value = (((c[0] * 3 + c[4]) * 3 + c[8]) * 3 + c[12]) * 3 + c[16];
  return static_cast<std::uint8_t>((256 * value + 242) / 243);
}

// Sums of y(n) v(n) and y(n+1) v(n), modulo 2^32. Two of each, by the parity of n: more chains for vpdpbusd's latency.
struct Sums {
  matmul::Int32x16 now[2] = {}, next[2] = {};

  // Intrinsics wrap, as the operators of a signed vector may not.
  __m512i times_256() const {
    const auto total = [](const matmul::Int32x16(&parts)[2]) {
      return _mm512_add_epi32(reinterpret_cast<__m512i>(parts[0]), reinterpret_cast<__m512i>(parts[1]));
    };
    const __m512i y = total(now);
    return _mm512_sub_epi32(_mm512_add_epi32(y, _mm512_slli_epi32(y, 1)), total(next));
  }
};

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = ternary_matmul::kRowBlock, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 4;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t stride = call.input.stride;
    const std::int64_t apart = gap / kRowBlock * block_bytes(call.shape.cols);
    const std::byte* line = call.packed + row / kRowBlock * block_bytes(call.shape.cols);
    const std::int8_t* x = call.input.x + batch * stride;
    Sums sums[S][B];
    for (const std::byte* end = line + block_bytes(call.shape.cols); line != end; line += kLineBytes, x += kGroupCols) {
      matmul::unroll<S>([&]<int s>() {
        matmul::prefetch_ahead<kLines>(line + s * apart);
        __m512i now = _mm512_load_si512(line + s * apart);
        matmul::unroll<kTrits>([&]<int t>() {
          const __m512i next = _mm512_add_epi8(now, _mm512_add_epi8(now, now));
          matmul::unroll<B>([&]<int b>() {
            const __m512i v = _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + b * stride + 4 * t)));
            matmul::dot_add(sums[s][b].now[t % 2], now, v);
            matmul::dot_add(sums[s][b].next[t % 2], next, v);
          });
          now = next;
        });
      });
    }
    matmul::unroll<S>([&]<int s>() {
      matmul::unroll<B>([&]<int b>() {
        const __m512i offset = _mm512_set1_epi32(256 * matmul::activation_sum(call, batch + b));
        const __m512i y = _mm512_srai_epi32(_mm512_sub_epi32(sums[s][b].times_256(), offset), 8);
        matmul::store_rows(call, row + s * gap, batch + b, y);
      });
    });
  }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return base3_row<Rows<kLines, kStreams>, encode>(name, "5 trits a byte (1.6 bits a weight) as a fraction, vpdpbusd");
}
constexpr Kernel kRows[] = {row<4>(""),       row<1>("s1"),       row<2>("s2"),       row<4, 4>("pf4"),
                            row<4, 8>("pf8"), row<4, 16>("pf16"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
