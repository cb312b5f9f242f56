// Exact look-up by vpermw: three activations have 27 sums, and 32 lanes of 16 bits are one table. A 16-bit word holds
// three 5-bit indices, nine weights, at 1.78 bits each; vpermw ignores the upper bits, so that decoding is two shifts.
//
// Packed: [column blocks x blocks of 32 rows x groups of 9 columns x 32 rows] words; bits 5i of a word index columns
// 3i to 3i + 2 of its group. A column block's tables stay in the L1 cache while all rows pass.
#include "matmul_streams.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kTableCols = 3;
constexpr int kTables = 3;  // of a word
constexpr int kGroupCols = kTables * kTableCols;
constexpr int kLineBytes = 64;
constexpr int kRowBlock = 32;
// An entry is at most 3 * 127 = 381: 28 groups of three add up to at most 32004.
constexpr int kFlushCols = 28 * kGroupCols;
constexpr int kColBlock = 4 * kFlushCols;  // 336 tables of 64 bytes: 21 KB
static_assert(kFlushCols * 127 <= INT16_MAX);

constexpr std::int64_t padded(std::int64_t cols) { return matmul::round_up(cols, kGroupCols); }
constexpr std::int64_t tables_bytes(std::int64_t cols) { return padded(cols) / kTableCols * kLineBytes; }

// Where the column block at `col` of the row block at `row` begins.
constexpr std::int64_t block_offset(Shape shape, std::int64_t row, std::int64_t col) {
  const std::int64_t width = matmul::smaller(kColBlock, padded(shape.cols) - col);
  return (matmul::round_up(shape.rows, kRowBlock) * col + row * width) / kGroupCols * 2;
}

std::size_t packed_bytes(Shape shape) {
  return static_cast<std::size_t>(matmul::round_up(shape.rows, kRowBlock) * padded(shape.cols) / kGroupCols * 2);
}

// Index of three weights: 0 to 26.
constexpr unsigned index(const std::int8_t* w) {
  return static_cast<unsigned>(w[0] + 1 + 3 * (w[1] + 1) + 9 * (w[2] + 1));
}

void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < matmul::round_up(row1, kRowBlock); ++row) {
    const std::int8_t* from = row < row1 ? w + (row - row0) * shape.cols : nullptr;
    const std::int64_t lane = row % kRowBlock;
    std::byte* out = nullptr;
    for (std::int64_t col = 0; col < shape.cols; col += kGroupCols, out += kLineBytes) {
      if (col % kColBlock == 0) out = packed + block_offset(shape, row - lane, col) + 2 * lane;
      const matmul::PaddedWeights<kGroupCols> group(from, col, shape.cols);
      const auto word = static_cast<std::uint16_t>(index(group.w) | index(group.w + 3) << 5 | index(group.w + 6) << 10);
      std::memcpy(out, &word, sizeof word);
    }
  }
}

std::size_t prepared_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::size_t>(batch * tables_bytes(cols));
}

// Lane i of weight(p): what index i says of column p, -1 to 1. Lanes from 27 on are never looked up.
template <int p>
__m512i weight() {
  alignas(64) static constexpr struct Lanes {
    std::int16_t w[32] = {};
    constexpr Lanes() {
      for (int i = 0, power = p == 0 ? 1 : p == 1 ? 3 : 9; i < 27; ++i)
        w[i] = static_cast<std::int16_t>(i / power % 3 - 1);
    }
  } kLanes;
  return _mm512_load_si512(kLanes.w);
}

void prepare(const Input& in, std::byte* prepared, int part, int parts) {
  const std::int64_t tables = padded(in.cols) / kTableCols;
  const matmul::Range mine = matmul::share(tables, part, parts);
  for (std::int64_t b = 0; b < in.batch; ++b) {
    const std::int8_t* x = in.x + b * in.stride;
    for (std::int64_t t = mine.begin; t < mine.end; ++t) {
      const auto term = [&]<int p>() {
        return _mm512_mullo_epi16(weight<p>(), _mm512_set1_epi16(x[kTableCols * t + p]));
      };
      const __m512i sum =
          _mm512_add_epi16(_mm512_add_epi16(term.template operator()<0>(), term.template operator()<1>()),
                           term.template operator()<2>());
      _mm512_store_si512(prepared + (b * tables + t) * kLineBytes, sum);
    }
  }
}

// Rows 0 to 15 and 16 to 31.
struct RowSums {
  __m512i half[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};

  void add(__m512i words) {
    half[0] = _mm512_add_epi32(half[0], _mm512_cvtepi16_epi32(_mm512_castsi512_si256(words)));
    half[1] = _mm512_add_epi32(half[1], _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(words, 1)));
  }
};

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = ternary_matmul::kRowBlock, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 4;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch, std::int64_t col) {
    const std::int64_t end = matmul::smaller(col + kColBlock, padded(call.shape.cols));
    const std::byte* line = call.packed + block_offset(call.shape, row, col);
    const std::int64_t apart = gap * (end - col) / kGroupCols * 2;
    const std::int64_t stride = tables_bytes(call.shape.cols);
    const std::byte* tables = call.prepared + batch * stride + col / kTableCols * kLineBytes;
    RowSums sums[S][B];
    for (std::int64_t at = col; at < end;) {
      __m512i words[S][B];
      for (auto& of_stream : words) {
        for (__m512i& w : of_stream) w = _mm512_setzero_si512();
      }
      for (const std::int64_t flush = matmul::smaller(at + kFlushCols, end); at < flush; at += kGroupCols) {
        __m512i indices[S];
        matmul::unroll<S>([&]<int s>() {
          matmul::prefetch_ahead<kLines>(line + s * apart);
          indices[s] = _mm512_load_si512(line + s * apart);
        });
        matmul::unroll<kTables>([&]<int t>() {
          matmul::unroll<B>([&]<int b>() {
            const __m512i table = _mm512_load_si512(tables + b * stride + t * kLineBytes);
            matmul::unroll<S>([&]<int s>() {
              words[s][b] = _mm512_add_epi16(words[s][b], _mm512_permutexvar_epi16(indices[s], table));
            });
          });
          matmul::unroll<S>([&]<int s>() { indices[s] = _mm512_srli_epi16(indices[s], 5); });
        });
        line += kLineBytes;
        tables += kTables * kLineBytes;
      }
      matmul::unroll<S>([&]<int s>() { matmul::unroll<B>([&]<int b>() { sums[s][b].add(words[s][b]); }); });
    }
    matmul::unroll<S>([&]<int s>() {
      matmul::unroll<B>([&]<int b>() { store(call, row + s * gap, batch + b, sums[s][b], col == 0); });
    });
  }

  static void store(const Call& call, std::int64_t row, std::int64_t batch, const RowSums& sums, bool first) {
    alignas(64) std::int32_t sum[kRowBlock];
    _mm512_store_si512(sum, sums.half[0]);
    _mm512_store_si512(sum + 16, sums.half[1]);
    std::int32_t* y = call.y + batch * call.y_stride + row;
    const std::int64_t rows = matmul::smaller(kRowBlock, call.shape.rows - row);
    for (std::int64_t i = 0; i < rows; ++i) y[i] = first ? sum[i] : y[i] + sum[i];
  }
};

template <class Rows>
void multiply(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t col = 0; col < call.shape.cols; col += kColBlock) matmul::for_row_streams<Rows>(call, tile, col);
}

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return {.info = {name, "tables of 3 activations by vpermw, 9 weights a word (1.78 bits a weight), exact",
                   matmul::with_prefetch<kLines>(techniques(Technique::simd, Technique::tmac))},
          .row_multiple = kRowBlock,
          .col_multiple = kGroupCols,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .prepared_bytes = prepared_bytes,
          .prepare = prepare,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<Rows<kLines, kStreams>>};
}
constexpr Kernel kRows[] = {row<4>(""),       row<1>("s1"),       row<4, 4>("pf4"),
                            row<4, 8>("pf8"), row<4, 16>("pf16"), row<4, 32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
