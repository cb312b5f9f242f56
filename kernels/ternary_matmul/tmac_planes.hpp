// T-MAC (arXiv:2407.00088) with ternary weights as two bit planes, plus (q = 1) and minus (q = -1):
//
//   sum q v = sum over groups of four columns of T[plus nibble] - T[minus nibble],    T[n] = sum of v_i over bits i
//   of n
//
// Packed: [column blocks x row blocks x groups x kRows] bytes, low nibble plus, high nibble minus. A tile reads one
// straight line a column block, while the block's tables stay in L1.
#pragma once

#include "matmul_blocking.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kGroupCols = 4;
constexpr int kColMultiple = 64;
constexpr int kColBlock = 512;
constexpr int kTableBytes = 32;  // of one group: 16 entries of 16 bits

// Columns of the block that begins at `col`; the last block may be narrower.
constexpr std::int64_t block_cols(std::int64_t col, std::int64_t cols) {
  return matmul::smaller(kColBlock, matmul::round_up(cols, kColMultiple) - col);
}

// Where the column block at `col` of the row block at `row` begins.
template <int kRows>
constexpr std::int64_t block_offset(Shape shape, std::int64_t row, std::int64_t col) {
  return (matmul::round_up(shape.rows, kRows) * col + row * block_cols(col, shape.cols)) / kGroupCols;
}

template <int kRows>
std::size_t packed_bytes(Shape shape) {
  const std::int64_t cols = matmul::round_up(shape.cols, kColMultiple);
  return static_cast<std::size_t>(matmul::round_up(shape.rows, kRows) * cols / kGroupCols);
}

// Four int8 weights to a byte of both planes. Of two's complement -1, 0, 1, bit 0 says nonzero and bit 1 negative.
inline std::byte pack_planes(const std::int8_t* w) {
  const std::uint32_t q = matmul::load_u32(w);
  const std::uint32_t minus = (q >> 1) & 0x01010101u;
  const std::uint32_t plus = q & ~minus & 0x01010101u;
  constexpr std::uint32_t kGather = 0x01020408u;  // bit 0 of byte i to bit 24 + i, no two products meeting
  return static_cast<std::byte>((plus * kGather) >> 24 | (minus * kGather) >> 24 << 4);
}

template <int kRows>
void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  for (std::int64_t row = row0; row < matmul::round_up(row1, kRows); ++row) {
    const std::int8_t* from = row < row1 ? w + (row - row0) * shape.cols : nullptr;
    const std::int64_t lane = row % kRows;
    std::byte* out = nullptr;
    for (std::int64_t col = 0; col < shape.cols; col += kColMultiple) {
      if (col % kColBlock == 0) out = packed + block_offset<kRows>(shape, row - lane, col) + lane;
      const matmul::PaddedWeights<kColMultiple> chunk(from, col, shape.cols);
      for (int c = 0; c < kColMultiple; c += kGroupCols, out += kRows) *out = pack_planes(chunk.w + c);
    }
  }
}

// Tables of all groups of one activation.
constexpr std::int64_t tables_bytes(std::int64_t cols) {
  return matmul::round_up(cols, kColMultiple) / kGroupCols * kTableBytes;
}

inline std::size_t prepared_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::size_t>(batch * tables_bytes(cols));
}

// Builds a table a group with kBuild(four activations, table); the parts share the groups of every activation.
template <void (*kBuild)(const std::int8_t*, std::byte*)>
void prepare_tables(const Input& in, std::byte* prepared, int part, int parts) {
  const matmul::Range mine = matmul::share(tables_bytes(in.cols) / kTableBytes, part, parts);
  for (std::int64_t b = 0; b < in.batch; ++b) {
    const std::int8_t* x = in.x + b * in.stride;
    std::byte* tables = prepared + b * tables_bytes(in.cols);
    for (std::int64_t g = mine.begin; g < mine.end; ++g) kBuild(x + g * kGroupCols, tables + g * kTableBytes);
  }
}

}  // namespace
}  // namespace bitproof::ternary_matmul
