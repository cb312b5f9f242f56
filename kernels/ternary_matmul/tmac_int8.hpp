// T-MAC as published (arXiv:2407.00088): table entries rounded to 8 bits with one scale, so that a look-up is one byte.
// Approximate; without the paper's fast aggregation, which is biased. V is the vector (tmac_vectors.hpp).
//
// Prepared, an activation: tables [groups x 16] of bytes, (T - least T of the group) / scale, then scales [column
// blocks] of float. What is subtracted cancels between the planes, which look up in the same table, and so costs
// nothing; a table that begins at its least entry needs a smaller scale than one that is symmetric about 0, by up to a
// half.
#pragma once

#include "matmul_streams.hpp"
#include "ternary_matmul/tmac_planes.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kEntries = 16;
constexpr int kLargest = 255;
// The differences of a whole column block fit an int16.
static_assert(kColBlock / kGroupCols * kLargest <= INT16_MAX);

constexpr std::int64_t int8_tables_bytes(std::int64_t cols) {
  return matmul::round_up(cols, kColMultiple) / kGroupCols * kEntries;
}
constexpr std::int64_t col_blocks(std::int64_t cols) { return (cols + kColBlock - 1) / kColBlock; }
constexpr std::int64_t activation_bytes(std::int64_t cols) {
  return matmul::round_up(int8_tables_bytes(cols) + col_blocks(cols) * 4, 64);
}

inline std::size_t int8_prepared_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::size_t>(batch * activation_bytes(cols));
}

// 16 sums of four activations, as in tmac_plain.hpp.
inline void sums_of(const std::int8_t* v, int (&sum)[kEntries]) {
  sum[0] = 0;
  for (int i = 0; i < kGroupCols; ++i) {
    for (int n = 0; n < 1 << i; ++n) sum[n | 1 << i] = sum[n] + v[i];
  }
}

// The least and the largest T of a group: what its negative and what its positive activations add up to.
struct Extent {
  int least = 0, largest = 0;
};
inline Extent extent_of(const std::int8_t* v) {
  Extent e;
  for (int i = 0; i < kGroupCols; ++i) (v[i] > 0 ? e.largest : e.least) += v[i];
  return e;
}

// The parts share the column blocks of every activation.
inline void prepare_int8_tables(const Input& in, std::byte* prepared, int part, int parts) {
  const matmul::Range mine = matmul::share(col_blocks(in.cols), part, parts);
  for (std::int64_t b = 0; b < in.batch; ++b) {
    const std::int8_t* x = in.x + b * in.stride;
    std::byte* tables = prepared + b * activation_bytes(in.cols);
    for (std::int64_t block = mine.begin; block < mine.end; ++block) {
      const std::int64_t begin = block * kColBlock, end = begin + block_cols(begin, in.cols);
      int widest = 0;
      for (std::int64_t col = begin; col < end; col += kGroupCols) {
        const Extent group = extent_of(x + col);
        const int width = group.largest - group.least;
        widest = widest < width ? width : widest;
      }
      const float scale = static_cast<float>(widest) / kLargest, inverse = widest > 0 ? 1 / scale : 0;
      std::memcpy(tables + int8_tables_bytes(in.cols) + 4 * block, &scale, sizeof scale);
      for (std::int64_t col = begin; col < end; col += kGroupCols) {
        int sum[kEntries];
        sums_of(x + col, sum);
        const int least = extent_of(x + col).least;
        std::byte* table = tables + col / kGroupCols * kEntries;
        for (int n = 0; n < kEntries; ++n) {
          // Never negative, so that a half more and the cast round.
          table[n] = static_cast<std::byte>(static_cast<int>(static_cast<float>(sum[n] - least) * inverse + 0.5f));
        }
      }
    }
  }
}

template <class V, int kLinesAhead, int kStreamsWanted>
struct Int8Rows {
  static constexpr int kRowBlock = V::kRows, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 4;

  // int16 sums: of each 16-byte lane the first eight rows, then the others.
  struct Sums {
    typename V::Reg word[2] = {V::zero(), V::zero()};

    void add(typename V::Reg table, typename V::Reg plus, typename V::Reg minus) {
      const auto signs = V::set_pairs(1, -1);
      const auto p = V::shuffle(table, plus), m = V::shuffle(table, minus);
      word[0] = V::add16(word[0], V::multiply_pairs(V::interleave_first(p, m), signs));
      word[1] = V::add16(word[1], V::multiply_pairs(V::interleave_last(p, m), signs));
    }
  };

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch, std::int64_t col) {
    const std::int64_t cols = block_cols(col, call.shape.cols), apart = gap * cols / kGroupCols;
    const std::byte* line = call.packed + block_offset<kRowBlock>(call.shape, row, col);
    const std::int64_t stride = activation_bytes(call.shape.cols);
    const std::byte* tables = call.prepared + batch * stride + col / kGroupCols * kEntries;
    const auto mask = V::set8(15);
    Sums sums[S][B];
    for (std::int64_t g = 0; g < cols / kGroupCols; ++g, line += kRowBlock, tables += kEntries) {
      matmul::unroll<S>([&]<int s>() {
        if (g * kRowBlock % 64 == 0) matmul::prefetch_ahead<kLines>(line + s * apart);
        const auto both = V::load(line + s * apart);
        const auto plus = V::bit_and(both, mask), minus = V::bit_and(V::shift_right_4(both), mask);
        matmul::unroll<B>([&]<int b>() { sums[s][b].add(V::broadcast16(tables + b * stride), plus, minus); });
      });
    }
    matmul::unroll<S>(
        [&]<int s>() { matmul::unroll<B>([&]<int b>() { store(call, row + s * gap, batch + b, sums[s][b], col); }); });
  }

  static void store(const Call& call, std::int64_t row, std::int64_t batch, const Sums& sums, std::int64_t col) {
    alignas(64) std::int16_t words[2][kRowBlock / 2];
    V::store(words[0], sums.word[0]);
    V::store(words[1], sums.word[1]);
    float scale;
    std::memcpy(&scale,
                call.prepared + batch * activation_bytes(call.shape.cols) + int8_tables_bytes(call.shape.cols) +
                    4 * (col / kColBlock),
                sizeof scale);
    std::int32_t* y = call.y + batch * call.y_stride + row;
    const std::int64_t rows = matmul::smaller(kRowBlock, call.shape.rows - row);
    for (std::int64_t i = 0; i < rows; ++i) {
      const float sum = scale * static_cast<float>(words[i / 8 % 2][i / 16 * 8 + i % 8]);
      y[i] = (col == 0 ? 0 : y[i]) + static_cast<std::int32_t>(sum < 0 ? sum - 0.5f : sum + 0.5f);
    }
  }
};

template <class Rows>
void multiply_int8(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t col = 0; col < call.shape.cols; col += kColBlock) matmul::for_row_streams<Rows>(call, tile, col);
}

template <class Rows>
constexpr Kernel int8_row(const char* row, const char* note) {
  return {.info = {.row = row,
                   .note = note,
                   .techniques = matmul::with_prefetch<Rows::kLines>(techniques(Technique::simd, Technique::tmac)),
                   .exactness = Exactness::approximate,
                   .nmse_bound = 5e-4},
          .row_multiple = Rows::kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<Rows::kRowBlock>,
          .pack = pack<Rows::kRowBlock>,
          .prepared_bytes = int8_prepared_bytes,
          .prepare = prepare_int8_tables,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply_int8<Rows>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
