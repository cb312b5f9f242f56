// Multiply-accumulate over row-major 2-bit codes, compiled twice: as scalar.cpp without vectorization and as
// autovec.cpp with the compiler's best.
//
// Packed: [rows x blocks of 128 columns]; in the 32 bytes of a block byte j, bits 2s hold column 32s + j, so that
// equal shifts meet consecutive activations.
#pragma once

#include "ternary_matmul/activation_sums.hpp"
#include "ternary_matmul/codes.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kBlockBytes = 32;
constexpr int kBlockCols = 4 * kBlockBytes;

std::int64_t row_bytes(std::int64_t cols) { return matmul::round_up(cols, kBlockCols) / 4; }

std::size_t packed_bytes(Shape shape) { return static_cast<std::size_t>(shape.rows * row_bytes(shape.cols)); }

void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  std::byte* out = packed + row0 * row_bytes(shape.cols);
  for (std::int64_t row = row0; row < row1; ++row, w += shape.cols) {
    for (std::int64_t col = 0; col < shape.cols; col += kBlockCols, out += kBlockBytes) {
      const matmul::PaddedWeights<kBlockCols> block(w, col, shape.cols);
      for (int j = 0; j < kBlockBytes; j += 4) matmul::store_u32(out + j, pack_codes<kBlockBytes>(block.w + j));
    }
  }
}

// Row `row` times B activations: each code is decoded once.
template <int kLines, int B>
void multiply_row(const Call& call, std::int64_t row, std::int64_t batch) {
  const std::int64_t bytes = row_bytes(call.shape.cols);
  const std::byte* codes = call.packed + row * bytes;
  const std::int64_t stride = call.input.stride;
  const std::int8_t* x = call.input.x + batch * stride;
  std::int32_t sum[B] = {};
  for (const std::byte* end = codes + bytes; codes != end; codes += kBlockBytes, x += kBlockCols) {
    matmul::prefetch_ahead<kLines>(codes);
    // A shift at a time: its codes and activations are consecutive bytes, which is what a vectorizer needs.
    matmul::unroll<4>([&]<int s>() {
#pragma GCC unroll 4
      for (int j = 0; j < kBlockBytes; ++j) {
        const auto code = static_cast<std::uint8_t>(static_cast<std::uint8_t>(codes[j]) >> (2 * s) & 3);
        matmul::unroll<B>([&]<int b>() { sum[b] += code * x[b * stride + s * kBlockBytes + j]; });
      }
    });
  }
  matmul::unroll<B>(
      [&]<int b>() { call.y[(batch + b) * call.y_stride + row] = sum[b] - matmul::activation_sum(call, batch + b); });
}

template <int kLines>
void multiply(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t row = tile.row0; row < tile.row1; ++row) {
    matmul::for_batch_blocks<4>(tile.batch0, tile.batch1,
                                [&]<int B>(std::int64_t batch) { multiply_row<kLines, B>(call, row, batch); });
  }
}

template <int kLines>
constexpr Kernel plain_row(const char* row, const char* note, Techniques used) {
  return {.info = {row, note, matmul::with_prefetch<kLines>(used)},
          .row_multiple = 1,
          .col_multiple = kBlockCols,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .prepared_bytes = matmul::activation_sums_bytes,
          .prepare = matmul::prepare_activation_sums,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<kLines>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
