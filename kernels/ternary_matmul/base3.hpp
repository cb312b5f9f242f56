// Packed layout of the base-3 kernels: five ternary weights a byte, 1.6 bits each (their entropy is 1.585).
//
// [row blocks x groups of 20 columns x 16 rows] dwords: the dword of a row holds columns 4s + j of its group, s = 0..4,
// in byte j. A broadcast of four activations then meets digit s of every row, as in interleaved.hpp. Which byte stands
// for five codes c = q + 1 is the kernel's own affair.
#pragma once

#include "matmul_streams.hpp"
#include "matmul_sums.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kTrits = 5;
constexpr int kGroupCols = 4 * kTrits;
constexpr int kRowBlock = 16;
constexpr int kLineBytes = 4 * kRowBlock;

// Byte of the codes c[0], c[4], c[8], c[12], c[16].
using Encode = std::uint8_t (*)(const std::int8_t* c);

constexpr std::int64_t block_bytes(std::int64_t cols) {
  return matmul::round_up(cols, kGroupCols) / kGroupCols * kLineBytes;
}

inline std::size_t packed_bytes(Shape shape) {
  return static_cast<std::size_t>(matmul::round_up(shape.rows, kRowBlock) / kRowBlock * block_bytes(shape.cols));
}

template <Encode kEncode>
void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < matmul::round_up(row1, kRowBlock); ++row) {
    const std::int8_t* from = row < row1 ? w + (row - row0) * shape.cols : nullptr;
    std::byte* out = packed + row / kRowBlock * block_bytes(shape.cols) + row % kRowBlock * 4;
    for (std::int64_t col = 0; col < shape.cols; col += kGroupCols, out += kLineBytes) {
      matmul::PaddedWeights<kGroupCols> group(from, col, shape.cols);
      for (std::int8_t& c : group.w) ++c;
      for (int j = 0; j < 4; ++j) out[j] = static_cast<std::byte>(kEncode(group.w + j));
    }
  }
}

// The row of a kernel on this layout; Rows as multiply_row_streams wants it, prefetching Rows::kLines ahead.
template <class Rows, Encode kEncode>
constexpr Kernel base3_row(const char* row, const char* note) {
  return {.info = {row, note, matmul::with_prefetch<Rows::kLines>(techniques(Technique::simd))},
          .row_multiple = Rows::kRowBlock,
          .col_multiple = kGroupCols,
          .packed_bytes = packed_bytes,
          .pack = pack<kEncode>,
          .prepared_bytes = matmul::activation_sums_bytes,
          .prepare = matmul::prepare_activation_sums,
          .scratch_bytes = matmul::no_scratch,
          .multiply = matmul::multiply_row_streams<Rows>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
