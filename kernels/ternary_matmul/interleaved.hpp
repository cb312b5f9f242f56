// Packed layout of the direct SIMD kernels: kRows rows interleaved, so that a tile's weights are one straight line.
//
// [row blocks x groups of 16 columns x kRows] dwords: the dword of a row holds columns 4s + j of its group in byte j,
// bits 2s. A broadcast of four activations then meets the codes of every row at one shift.
#pragma once

#include "matmul_streams.hpp"
#include "matmul_sums.hpp"
#include "ternary_matmul/codes.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kGroupCols = 16;
constexpr int kColMultiple = 64;

template <int kRows>
std::size_t packed_bytes(Shape shape) {
  return static_cast<std::size_t>(matmul::round_up(shape.rows, kRows) * matmul::round_up(shape.cols, kColMultiple) / 4);
}

// The block of kRows rows that `row`, a multiple of kRows, begins.
constexpr std::int64_t block_offset(std::int64_t row, std::int64_t cols) {
  return row * matmul::round_up(cols, kColMultiple) / 4;
}

template <int kRows>
void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < matmul::round_up(row1, kRows); ++row) {
    const std::int8_t* from = row < row1 ? w + (row - row0) * shape.cols : nullptr;
    const std::int64_t lane = row % kRows;
    std::byte* out = packed + block_offset(row - lane, shape.cols) + 4 * lane;
    for (std::int64_t col = 0; col < shape.cols; col += kColMultiple) {
      const matmul::PaddedWeights<kColMultiple> chunk(from, col, shape.cols);
      for (int c = 0; c < kColMultiple; c += kGroupCols, out += 4 * kRows) {
        matmul::store_u32(out, pack_codes<4>(chunk.w + c));
      }
    }
  }
}

// The row of a kernel on this layout; Rows as multiply_row_streams wants it, prefetching Rows::kLines ahead.
template <class Rows>
constexpr Kernel interleaved_row(const char* row, const char* note) {
  return {.info = {row, note, matmul::with_prefetch<Rows::kLines>(techniques(Technique::simd))},
          .row_multiple = Rows::kRowBlock,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<Rows::kRowBlock>,
          .pack = pack<Rows::kRowBlock>,
          .prepared_bytes = matmul::activation_sums_bytes,
          .prepare = matmul::prepare_activation_sums,
          .scratch_bytes = matmul::no_scratch,
          .multiply = matmul::multiply_row_streams<Rows>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
