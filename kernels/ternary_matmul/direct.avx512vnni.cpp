// 64 bytes are 16 rows x 16 columns. vpdpbusd takes the codes where they lie in their bytes, masked but not shifted:
// position s weighs 4^s, has accumulators of its own and is divided out, exactly, at the end.
#include "ternary_matmul/interleaved.hpp"
#include "ternary_matmul/prefill.hpp"

namespace bitproof::ternary_matmul {
namespace {

// An accumulator sees a quarter of the columns, each at most 2 * 4^3 * 127.
static_assert(2 * 64 * 127 * (matmul::kMaxCols / 4) <= INT32_MAX);

constexpr std::uint32_t kFields = 0x03030303u;  // the code at the bottom of each byte

inline __m512i broadcast(std::uint32_t v) { return _mm512_set1_epi32(static_cast<int>(v)); }

// Accumulators of one activation by position s.
struct Sums {
  matmul::Int32x16 at[4] = {};

  void add_group(const std::byte* line, const std::int8_t* x) {
    const __m512i packed = _mm512_load_si512(line);
    matmul::unroll<4>([&]<int s>() {
      const __m512i codes = _mm512_and_si512(packed, broadcast(kFields << (2 * s)));
      matmul::dot_add(at[s], codes, broadcast(matmul::load_u32(x + 4 * s)));
    });
  }

  matmul::Int32x16 total() const { return at[0] + (at[1] >> 2) + (at[2] >> 4) + (at[3] >> 6); }
};

// What a batch shares is unpacked in full: one accumulator an activation.
struct Form {
  static constexpr int kGroupCols = ternary_matmul::kGroupCols, kColMultiple = ternary_matmul::kColMultiple, kSteps = 4;

  static void unpack(const std::byte* line, __m512i (&codes)[kSteps]) {
    const __m512i packed = _mm512_load_si512(line);
    matmul::unroll<kSteps>(
        [&]<int s>() { codes[s] = _mm512_and_si512(_mm512_srli_epi16(packed, 2 * s), broadcast(kFields)); });
  }
};

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = 16, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 1;

  static const std::byte* line_of(const Call& call, std::int64_t row) {
    return call.packed + block_offset(row, call.shape.cols);
  }

  template <int, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
    const std::int64_t apart = block_offset(gap, cols);
    const std::byte* line = line_of(call, row);
    const std::int8_t* x = call.input.x + batch * call.input.stride;
    // Few sums are few dependency chains, too few for the latency of vpdpbusd: two groups in flight.
    constexpr int kUnroll = S < 4 ? 2 : 1;
    Sums sums[S][kUnroll];
    for (const std::int8_t* end = x + cols; x != end; line += kUnroll * 64, x += kUnroll * kGroupCols) {
      matmul::unroll<kUnroll>([&]<int u>() {
        matmul::unroll<S>([&]<int s>() {
          const std::byte* group = line + s * apart + u * 64;
          matmul::prefetch_ahead<kLines>(group);
          sums[s][u].add_group(group, x + u * kGroupCols);
        });
      });
    }
    matmul::unroll<S>([&]<int s>() {
      matmul::Int32x16 y = sums[s][0].total() - matmul::activation_sum(call, batch);
      if constexpr (kUnroll == 2) y += sums[s][1].total();
      matmul::store_rows(call, row + s * gap, batch, reinterpret_cast<__m512i>(y));
    });
  }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  using Decode = Rows<kLines, kStreams>;
  return with_prefill<Decode, Form>(
      interleaved_row<Decode>(name, "2-bit codes, 16 rows interleaved, vpdpbusd without shifts"));
}
constexpr Kernel kRows[] = {row<4>(""),       row<1>("s1"),       row<2>("s2"),       row<4, 4>("pf4"),
                            row<4, 8>("pf8"), row<4, 16>("pf16"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
