// The loop around several blocks of rows that are read side by side: each its own stream of memory, far from the
// others.
//
// A core whose hardware prefetcher follows a stream at less than the speed of memory gets more of it from several.
#pragma once

#include "matmul_rows.hpp"

namespace bitproof::matmul {
namespace {

// Rows::multiply<B, S>(call, row, gap, batch, at...) does the blocks of Rows::kRowBlock rows at row, row + gap, ...
// row + (S - 1) gap for B activations. One activation has Rows::kStreams streams; up to Rows::kBatchBlock share each
// line that was unpacked, and take one stream, because their sums need the registers.
template <class Rows, class... At>
void for_row_streams(const Call& call, Tile tile, At... at) {
  const auto rows = [&]<int S>(std::int64_t row0, std::int64_t row1, std::int64_t gap) {
    for (std::int64_t row = row0; row < row1; row += Rows::kRowBlock) {
      for_batch_blocks<S == 1 ? Rows::kBatchBlock : 1>(tile.batch0, tile.batch1, [&]<int B>(std::int64_t batch) {
        Rows::template multiply<B, S>(call, row, gap, batch, at...);
      });
    }
  };
  std::int64_t rest = tile.row0;
  if (tile.batch1 - tile.batch0 == 1) {
    const std::int64_t gap = (tile.row1 - tile.row0) / (Rows::kStreams * Rows::kRowBlock) * Rows::kRowBlock;
    rows.template operator()<Rows::kStreams>(rest, rest + gap, gap);
    rest += Rows::kStreams * gap;
  }
  rows.template operator()<1>(rest, tile.row1, 0);
}

// multiply() of such a kernel.
template <class Rows>
void multiply_row_streams(const Call& call, Tile tile, std::byte*) {
  for_row_streams<Rows>(call, tile);
}

}  // namespace
}  // namespace bitproof::matmul
