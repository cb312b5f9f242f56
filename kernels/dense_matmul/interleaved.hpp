// Packed layout of the SIMD kernels: kRows rows interleaved, so that a tile's weights are one straight line.
//
// [row blocks x groups of 4 columns x kRows] dwords of four int8 weights, each xor kFlip: 0x80 turns w into the
// unsigned w + 128. Padding is w = 0.
#pragma once

#include "dense_matmul/contract.hpp"
#include "matmul_streams.hpp"
#include "matmul_sums.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kGroupCols = 4;
constexpr int kColMultiple = 64;

// The block of kRows rows that `row`, a multiple of kRows, begins.
constexpr std::int64_t block_offset(std::int64_t row, std::int64_t cols) {
  return row * matmul::round_up(cols, kColMultiple);
}

template <int kRows>
std::size_t packed_bytes(Shape shape) {
  return static_cast<std::size_t>(block_offset(matmul::round_up(shape.rows, kRows), shape.cols));
}

template <int kRows, std::uint8_t kFlip>
void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < matmul::round_up(row1, kRows); ++row) {
    const std::int8_t* from = row < row1 ? w + (row - row0) * shape.cols : nullptr;
    const std::int64_t lane = row % kRows;
    std::byte* out = packed + block_offset(row - lane, shape.cols) + 4 * lane;
    for (std::int64_t col = 0; col < shape.cols; col += kColMultiple) {
      const matmul::PaddedWeights<kColMultiple> chunk(from, col, shape.cols);
      for (int c = 0; c < kColMultiple; c += kGroupCols, out += 4 * kRows) {
        matmul::store_u32(out, matmul::load_u32(chunk.w + c) ^ kFlip * 0x01010101u);
      }
    }
  }
}

// The row of a kernel on this layout; Rows as multiply_row_streams wants it, prefetching Rows::kLines ahead. With
// kOffset = 128 weights are packed as w + 128, and the sums of the activations are prepared to undo it.
template <class Rows, int kOffset>
constexpr Kernel interleaved_row(const char* row, const char* note) {
  return {.info = {row, note, matmul::with_prefetch<Rows::kLines>(techniques(Technique::simd))},
          .row_multiple = Rows::kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<Rows::kRowBlock>,
          .pack = pack<Rows::kRowBlock, kOffset>,
          .prepared_bytes = kOffset ? matmul::activation_sums_bytes : matmul::nothing_prepared,
          .prepare = kOffset ? matmul::prepare_activation_sums : matmul::prepare_nothing,
          .scratch_bytes = matmul::no_scratch,
          .multiply = matmul::multiply_row_streams<Rows>};
}

}  // namespace
}  // namespace bitproof::dense_matmul
