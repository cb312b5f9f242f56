// A task a tile. LLVM's runtime has a queue a thread, and idle ones steal; libgomp has one queue behind a lock.
#include "threading/fork_join.hpp"

namespace bitproof::threading {
namespace {

constexpr int kTilesPerThread = 4;

void for_tiles(Team* team, Space space, TileBody body, void* context) {
  if (empty(space)) return;
  const int threads = threads_of(team);
  const Tiles tiles(space, over_both, kTilesPerThread * threads);
  if (threads == 1 || tiles.count() == 1) return body(context, {0, space.rows, 0, space.batch}, 0);
#pragma omp parallel num_threads(threads)
#pragma omp single nowait
  for (std::int64_t i = 0; i < tiles.count(); ++i) {
#pragma omp task firstprivate(i) shared(tiles)
    body(context, tiles[i], omp_get_thread_num());
  }
}

constexpr Kernel kRows[] = {
    {{"", "OpenMP tasks, 4 tiles a thread", techniques(Technique::threading)}, session, for_tiles}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
