// Multiply-accumulate over row-major 2-bit codes, compiled twice: as scalar.cpp without vectorization and as
// autovec.cpp with the compiler's best.
//
// Packed: [rows x blocks of 256 columns]; in the 64 bytes, one cache line, of a block byte j, bits 2s hold column
// 64s + j: equal bits of consecutive bytes meet consecutive activations, which is what a vectorizer needs.
#pragma once

#include "matmul_sums.hpp"
#include "ternary_matmul/codes.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kBlockBytes = 64;
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

// A sum sees a quarter of the columns, each at most 2 * 4^3 * 127.
static_assert(2 * 64 * 127 * (matmul::kMaxCols / 4) <= INT32_MAX);

// Row `row` times B activations: a byte is loaded once, and its codes are masked where they lie, not shifted. Position
// s weighs 4^s, has a sum of its own and is divided out, exactly, at the end.
template <int kLines, int B>
void multiply_row(const Call& call, std::int64_t row, std::int64_t batch) {
  const std::int64_t bytes = row_bytes(call.shape.cols);
  const std::byte* codes = call.packed + row * bytes;
  const std::int64_t stride = call.input.stride;
  const std::int8_t* x = call.input.x + batch * stride;
  std::int32_t sum[B][4] = {};
  for (const std::byte* end = codes + bytes; codes != end; codes += kBlockBytes, x += kBlockCols) {
    matmul::prefetch_ahead<kLines>(codes);
#pragma GCC unroll 4
    for (int j = 0; j < kBlockBytes; ++j) {
      matmul::unroll<4>([&]<int s>() {
        const int code = static_cast<int>(codes[j]) & 3 << (2 * s);
        matmul::unroll<B>([&]<int b>() { sum[b][s] += code * x[b * stride + s * kBlockBytes + j]; });
      });
    }
  }
  matmul::unroll<B>([&]<int b>() {
    std::int32_t y = -matmul::activation_sum(call, batch + b);
    matmul::unroll<4>([&]<int s>() { y += sum[b][s] >> (2 * s); });
    call.y[(batch + b) * call.y_stride + row] = y;
  });
}

template <int kLines>
void multiply(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t row = tile.row0; row < tile.row1; ++row) {
    // Two activations: eight sums are what fits the 16 general registers.
    matmul::for_batch_blocks<2>(tile.batch0, tile.batch1,
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
