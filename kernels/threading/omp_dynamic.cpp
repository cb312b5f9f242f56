// More tiles than threads, taken by whoever is free: a thread that lost its core delays one small tile and not half of
// the space.
#include "threading/fork_join.hpp"

namespace bitproof::threading {
namespace {

template <int kTilesPerThread>
void for_tiles(Team* team, Space space, TileBody body, void* context) {
  if (empty(space)) return;
  const int threads = threads_of(team);
  const Tiles tiles(space, over_both, kTilesPerThread * threads);
  if (threads == 1 || tiles.count() == 1) return body(context, {0, space.rows, 0, space.batch}, 0);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
  for (std::int64_t i = 0; i < tiles.count(); ++i) body(context, tiles[i], omp_get_thread_num());
}

constexpr Techniques kThreading = techniques(Technique::threading);
constexpr Kernel kRows[] = {
    {{"", "OpenMP dynamic schedule, 4 tiles a thread", kThreading}, session, for_tiles<4>},
    {{"fine", "OpenMP dynamic schedule, 16 tiles a thread", kThreading}, session, for_tiles<16>},
};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
