// The head in 6 bits: w is stored as c = round(w / 4) + 32 in [0, 63], so y = 4 (sum c v - 32 sum v). Where w comes
// from a row scale of absmax / 127, that is one of absmax / 31.75, and the only other error is of weights that round to
// 32 and are clamped to 31.
//
// Packed: [row blocks x chunks of 16 columns] of three cache lines for four groups of 4 columns x 16 rows. A dword is
// four columns of a row. Lines 0 and 1 hold the low four bits, even groups in the low nibbles; line 2 the high two bits
// of all four groups, group g at bits 2g.
#include "dense_matmul/contract.hpp"
#include "intrinsics.hpp"
#include "matmul_streams.hpp"
#include "matmul_sums.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kRowBlock = 16, kChunkCols = 16, kColMultiple = 16, kGroups = 4;
constexpr int kStep = 4, kOffset = 32, kChunkBytes = 3 * 64;
static_assert(63 * 127 * matmul::kMaxCols <= INT32_MAX / 2);

constexpr std::int64_t block_offset(std::int64_t row, std::int64_t cols) {
  return row / kRowBlock * (matmul::round_up(cols, kChunkCols) / kChunkCols) * kChunkBytes;
}

std::size_t packed_bytes(Shape shape) {
  return static_cast<std::size_t>(block_offset(matmul::round_up(shape.rows, kRowBlock), shape.cols));
}

// To nearest, ties away from zero; no int8 weight is beyond 127, so none below -32.
constexpr unsigned code(std::int8_t w) {
  const int q = (w < 0 ? w - kStep / 2 : w + kStep / 2) / kStep;
  return static_cast<unsigned>((q > 31 ? 31 : q) + kOffset);
}

// Rows past the matrix are packed too, as zeros.
void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < matmul::round_up(row1, kRowBlock); ++row) {
    const std::int8_t* from = row < row1 ? w + (row - row0) * shape.cols : nullptr;
    const std::int64_t lane = row % kRowBlock;
    std::byte* out = packed + block_offset(row - lane, shape.cols) + 4 * lane;
    for (std::int64_t col = 0; col < shape.cols; col += kChunkCols, out += kChunkBytes) {
      const matmul::PaddedWeights<kChunkCols> chunk(from, col, shape.cols);
      for (int i = 0; i < 4; ++i) {
        unsigned c[kGroups];
        for (int g = 0; g < kGroups; ++g) c[g] = code(chunk.w[4 * g + i]);
        out[i] = static_cast<std::byte>((c[0] & 15) | (c[1] & 15) << 4);
        out[64 + i] = static_cast<std::byte>((c[2] & 15) | (c[3] & 15) << 4);
        out[128 + i] = static_cast<std::byte>(c[0] >> 4 | c[1] >> 4 << 2 | c[2] >> 4 << 4 | c[3] >> 4 << 6);
      }
    }
  }
}

// (a & mask) | b
inline __m512i masked_or(__m512i a, __m512i mask, __m512i b) { return _mm512_ternarylogic_epi64(a, mask, b, 0xea); }

// The four groups of a chunk: weights + kOffset, 16 rows x 4 columns each.
struct Codes {
  __m512i group[kGroups];

  explicit Codes(const std::byte* chunk) {
    const __m512i nibble = _mm512_set1_epi8(0x0f), high = _mm512_set1_epi8(0x30);
    const __m512i low[2] = {_mm512_load_si512(chunk), _mm512_load_si512(chunk + 64)};
    const __m512i top = _mm512_load_si512(chunk + 128);
    const __m512i tops[kGroups] = {_mm512_slli_epi16(top, 4), _mm512_slli_epi16(top, 2), top,
                                   _mm512_srli_epi16(top, 2)};
    matmul::unroll<kGroups>([&]<int g>() {
      const __m512i nibbles = g % 2 ? _mm512_srli_epi16(low[g / 2], 4) : low[g / 2];
      group[g] = masked_or(nibbles, nibble, _mm512_and_si512(tops[g], high));
    });
  }
};

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = dense_matmul::kRowBlock, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 4;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kChunkCols), stride = call.input.stride;
    const std::int64_t apart = block_offset(gap, call.shape.cols);
    const std::int8_t* x = call.input.x + batch * stride;
    const std::byte* line = call.packed + block_offset(row, call.shape.cols);
    matmul::Int32x16 sum[S][B][kGroups] = {};
    for (const std::int8_t* end = x + cols; x != end; line += kChunkBytes, x += kChunkCols) {
      matmul::unroll<S>([&]<int s>() {
        const std::byte* chunk = line + s * apart;
        matmul::unroll<3>([&]<int i>() { matmul::prefetch_ahead<kLines>(chunk + i * 64); });
        const Codes codes(chunk);
        matmul::unroll<kGroups>([&]<int g>() {
          matmul::unroll<B>([&]<int b>() {
            const auto v = static_cast<int>(matmul::load_u32(x + b * stride + 4 * g));
            matmul::dot_add(sum[s][b][g], codes.group[g], _mm512_set1_epi32(v));
          });
        });
      });
    }
    matmul::unroll<S * B>([&]<int i>() {
      constexpr int s = i / B, b = i % B;
      __m512i y = _mm512_set1_epi32(-kOffset * matmul::activation_sum(call, batch + b));
      matmul::unroll<kGroups>([&]<int g>() { y = _mm512_add_epi32(y, reinterpret_cast<__m512i>(sum[s][b][g])); });
      matmul::store_rows(call, row + s * gap, batch + b, _mm512_slli_epi32(y, 2));
    });
  }
};
static_assert(kStep == 1 << 2);

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  using Rows = dense_matmul::Rows<kLines, kStreams>;
  return {.info = {.row = name,
                   .note = "6 bits a weight, steps of 4: NMSE of uniform int8 weights 16/12 / 5397 = 2.5e-4, of "
                           "Gaussian rows with absmax at 4 sigma 1.3e-3",
                   .techniques = matmul::with_prefetch<kLines>(techniques(Technique::simd)),
                   .exactness = Exactness::approximate,
                   .nmse_bound = 2e-3,
                   .weight_error = 3},
          .row_multiple = kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .prepared_bytes = matmul::activation_sums_bytes,
          .prepare = matmul::prepare_activation_sums,
          .scratch_bytes = matmul::no_scratch,
          .multiply = matmul::multiply_row_streams<Rows>};
}
constexpr Kernel kRows[] = {row<4>(""), row<1>("s1"), row<4, 32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
