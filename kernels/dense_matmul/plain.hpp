// Multiply-accumulate over row-major int8 weights, compiled twice: as scalar.cpp without vectorization and as
// autovec.cpp with the compiler's best. Packed: [rows x cols, zero-padded to 64].
#pragma once

#include "dense_matmul/contract.hpp"
#include "matmul_blocking.hpp"

namespace bitproof::dense_matmul {
namespace {

constexpr int kColMultiple = 64;

std::int64_t row_bytes(std::int64_t cols) { return matmul::round_up(cols, kColMultiple); }

std::size_t packed_bytes(Shape shape) { return static_cast<std::size_t>(shape.rows * row_bytes(shape.cols)); }

void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  const auto cols = static_cast<std::size_t>(shape.cols);
  const auto bytes = static_cast<std::size_t>(row_bytes(shape.cols));
  std::byte* out = packed + row0 * row_bytes(shape.cols);
  for (std::int64_t row = row0; row < row1; ++row, w += cols, out += bytes) {
    std::memcpy(out, w, cols);
    std::memset(out + cols, 0, bytes - cols);
  }
}

// Row `row` times B activations: each weight is loaded once.
template <int kLines, int B>
void multiply_row(const Call& call, std::int64_t row, std::int64_t batch) {
  const std::int64_t cols = row_bytes(call.shape.cols);
  // Read as int8, not as bytes cast to int8: GCC 12 vectorizes that cast wrongly (vpdpbusd with w taken as unsigned).
  const auto* w = reinterpret_cast<const std::int8_t*>(call.packed + row * cols);
  const std::int64_t stride = call.input.stride;
  const std::int8_t* x = call.input.x + batch * stride;
  std::int32_t sum[B] = {};
  for (const std::int8_t* end = w + cols; w != end; w += kColMultiple, x += kColMultiple) {
    matmul::prefetch_ahead<kLines>(w);
#pragma GCC unroll 4
    for (int j = 0; j < kColMultiple; ++j) {
      matmul::unroll<B>([&]<int b>() { sum[b] += w[j] * x[b * stride + j]; });
    }
  }
  matmul::unroll<B>([&]<int b>() { call.y[(batch + b) * call.y_stride + row] = sum[b]; });
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
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .prepared_bytes = matmul::nothing_prepared,
          .prepare = matmul::prepare_nothing,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<kLines>};
}

}  // namespace
}  // namespace bitproof::dense_matmul
