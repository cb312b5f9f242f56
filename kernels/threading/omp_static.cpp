#include "threading/fork_join.hpp"

namespace bitproof::threading {
namespace {

// A region always has the whole team, even for fewer tiles: libgomp ends the threads that a smaller region leaves out
// and starts new ones for the next. The stride is the team's real size, since the runtime may grant fewer threads.
template <Split split>
void for_tiles(Team* team, Space space, TileBody body, void* context) {
  if (empty(space)) return;
  const int threads = threads_of(team);
  const Tiles tiles(space, split, threads);
  if (tiles.count() == 1) return body(context, tiles[0], 0);
#pragma omp parallel num_threads(threads)
  for (std::int64_t i = omp_get_thread_num(); i < tiles.count(); i += omp_get_num_threads()) {
    body(context, tiles[i], omp_get_thread_num());
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
