#include <omp.h>

#include "threading/contract.hpp"

namespace bitproof::threading {
namespace {

struct ForkJoin {
  int threads;
};

void session(int threads, SessionBody body, void* context) {
  ForkJoin team{threads};
  body(context, reinterpret_cast<Team*>(&team));
}

// Part p of [0, count) cut into `parts` ranges whose lengths differ by at most one.
constexpr std::int64_t cut(std::int64_t count, std::int64_t parts, std::int64_t p) {
  return count / parts * p + (p < count % parts ? p : count % parts);
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// How many ranges each side of a space is cut into. A unit is row_multiple rows.
struct Grid {
  std::int64_t units, batch;
};

constexpr Grid over_rows(std::int64_t units, std::int64_t, int threads) { return {smaller(threads, units), 1}; }

constexpr Grid over_batch(std::int64_t, std::int64_t batch, int threads) { return {1, smaller(threads, batch)}; }

// The grid whose largest tile is smallest. Among equals the one with the fewest cuts over the batch, because every
// range of the batch reads the weights again.
constexpr Grid over_both(std::int64_t units, std::int64_t batch, int threads) {
  Grid best{1, 1};
  std::int64_t least = units * batch;
  for (std::int64_t b = 1; b <= smaller(threads, batch); ++b) {
    const Grid grid{smaller(threads / b, units), b};
    const std::int64_t largest = ceil_div(units, grid.units) * ceil_div(batch, b);
    if (largest < least) {
      least = largest;
      best = grid;
    }
  }
  return best;
}

constexpr Tile tile(const Space& space, std::int64_t units, Grid grid, std::int64_t i) {
  const std::int64_t r = i / grid.batch, b = i % grid.batch;
  return {cut(units, grid.units, r) * space.row_multiple,
          smaller(cut(units, grid.units, r + 1) * space.row_multiple, space.rows), cut(space.batch, grid.batch, b),
          cut(space.batch, grid.batch, b + 1)};
}

// A region always has the whole team, even for fewer tiles: libgomp ends the threads that a smaller region leaves out
// and starts new ones for the next. The stride is the team's real size, since the runtime may grant fewer threads.
template <Grid (*split)(std::int64_t units, std::int64_t batch, int threads)>
void for_tiles(Team* team, Space space, TileBody body, void* context) {
  if (space.rows <= 0 || space.batch <= 0) return;
  const int threads = reinterpret_cast<ForkJoin*>(team)->threads;
  const std::int64_t units = ceil_div(space.rows, space.row_multiple);
  const Grid grid = split(units, space.batch, threads);
  const std::int64_t tiles = grid.units * grid.batch;
  if (tiles == 1) return body(context, {0, space.rows, 0, space.batch}, 0);
#pragma omp parallel num_threads(threads)
  for (std::int64_t i = omp_get_thread_num(); i < tiles; i += omp_get_num_threads()) {
    body(context, tile(space, units, grid, i), omp_get_thread_num());
  }
}

constexpr Techniques kThreading = techniques(Technique::threading);
constexpr Kernel kRows[] = {
    {{"", "OpenMP fork-join, rows (N) in equal parts", kThreading}, session, for_tiles<over_rows>},
    {{"batch", "OpenMP fork-join, the batch (M) in equal parts", kThreading}, session, for_tiles<over_batch>},
    {{"both", "OpenMP fork-join, a grid over rows and batch", kThreading}, session, for_tiles<over_both>},
};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
