// How a space is cut into tiles: over rows (N), over the batch (M), or over both. A unit is row_multiple rows.
#pragma once

#include "threading/contract.hpp"

namespace bitproof::threading {
namespace {

// Part p of [0, count) cut into `parts` ranges whose lengths differ by at most one.
constexpr std::int64_t cut(std::int64_t count, std::int64_t parts, std::int64_t p) {
  return count / parts * p + (p < count % parts ? p : count % parts);
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// How many ranges each side of a space is cut into.
struct Grid {
  std::int64_t units, batch;
};

constexpr Grid over_rows(std::int64_t units, std::int64_t, std::int64_t tiles) { return {smaller(tiles, units), 1}; }

constexpr Grid over_batch(std::int64_t, std::int64_t batch, std::int64_t tiles) { return {1, smaller(tiles, batch)}; }

// The grid whose largest tile is smallest. Among equals the one with the fewest cuts over the batch, because every
// range of the batch reads the weights again.
constexpr Grid over_both(std::int64_t units, std::int64_t batch, std::int64_t tiles) {
  Grid best{1, 1};
  std::int64_t least = units * batch;
  for (std::int64_t b = 1; b <= smaller(tiles, batch); ++b) {
    const Grid grid{smaller(tiles / b, units), b};
    const std::int64_t largest = ceil_div(units, grid.units) * ceil_div(batch, b);
    if (largest < least) {
      least = largest;
      best = grid;
    }
  }
  return best;
}

using Split = Grid (*)(std::int64_t units, std::int64_t batch, std::int64_t tiles);

// A space and the grid over it: tiles 0 .. count - 1.
struct Tiles {
  Space space;
  std::int64_t units;
  Grid grid;

  constexpr Tiles(const Space& s, Split split, std::int64_t most)
      : space(s), units(ceil_div(s.rows, s.row_multiple)), grid(split(units, s.batch, most)) {}

  constexpr std::int64_t count() const { return grid.units * grid.batch; }
  constexpr Tile operator[](std::int64_t i) const {
    const std::int64_t r = i / grid.batch, b = i % grid.batch;
    return {cut(units, grid.units, r) * space.row_multiple,
            smaller(cut(units, grid.units, r + 1) * space.row_multiple, space.rows), cut(space.batch, grid.batch, b),
            cut(space.batch, grid.batch, b + 1)};
  }
};

constexpr bool empty(const Space& s) { return s.rows <= 0 || s.batch <= 0; }

}  // namespace
}  // namespace bitproof::threading
