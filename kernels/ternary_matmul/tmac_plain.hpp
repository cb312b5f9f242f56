// T-MAC by plain table look-up, compiled twice: tmac.scalar.cpp and tmac.autovec.cpp.
#pragma once

#include "ternary_matmul/tmac_planes.hpp"

namespace bitproof::ternary_matmul {
namespace {

// Entry n is |sum| <= 4 * 127. Each entry adds one activation to an earlier one.
inline void build_table(const std::int8_t* v, std::byte* out) {
  auto* table = reinterpret_cast<std::int16_t*>(out);
  table[0] = 0;
  for (int i = 0; i < 4; ++i) {
    for (int n = 0; n < 1 << i; ++n) table[n | 1 << i] = static_cast<std::int16_t>(table[n] + v[i]);
  }
}

// One row of one column block times B activations: each byte is split once.
template <int kLines, int B>
void look_up_row(const Call& call, std::int64_t row, std::int64_t col, std::int64_t batch) {
  const std::byte* codes = call.packed + block_offset<1>(call.shape, row, col);
  const std::int64_t groups = block_cols(col, call.shape.cols) / kGroupCols;
  const std::int64_t stride = tables_bytes(call.shape.cols);
  const std::byte* tables = call.prepared + batch * stride + col / kGroupCols * kTableBytes;
  std::int32_t sum[B] = {};
#pragma GCC unroll 4
  for (std::int64_t g = 0; g < groups; ++g, tables += kTableBytes) {
    if (g % 64 == 0) matmul::prefetch_ahead<kLines>(codes + g);
    const auto both = static_cast<unsigned>(codes[g]);
    matmul::unroll<B>([&]<int b>() {
      const auto* table = reinterpret_cast<const std::int16_t*>(tables + b * stride);
      sum[b] += table[both & 15] - table[both >> 4];
    });
  }
  matmul::unroll<B>([&]<int b>() {
    std::int32_t& y = call.y[(batch + b) * call.y_stride + row];
    y = col == 0 ? sum[b] : y + sum[b];
  });
}

template <int kLines>
void multiply(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t col = 0; col < call.shape.cols; col += kColBlock) {
    for (std::int64_t row = tile.row0; row < tile.row1; ++row) {
      matmul::for_batch_blocks<4>(tile.batch0, tile.batch1,
                                  [&]<int B>(std::int64_t batch) { look_up_row<kLines, B>(call, row, col, batch); });
    }
  }
}

template <int kLines>
constexpr Kernel tmac_row(const char* row, const char* note, Techniques used) {
  return {.info = {row, note, matmul::with_prefetch<kLines>(used)},
          .row_multiple = 1,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<1>,
          .pack = pack<1>,
          .prepared_bytes = prepared_bytes,
          .prepare = prepare_tables<build_table>,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<kLines>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
