// The rectangle of an output that one call of a kernel computes.
#pragma once

#include <cstdint>

namespace bitproof {

// Half-open: rows [row0, row1) of the output for batch elements [batch0, batch1).
// "Rows" are the op's own unit of work (matrix rows, heads, columns of an elementwise op); its contract says which.
struct Tile {
  std::int64_t row0, row1;
  std::int64_t batch0, batch1;
};

}  // namespace bitproof
