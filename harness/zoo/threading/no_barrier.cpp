#include <pthread.h>

#include "zoo/threading/plain_split.hpp"

namespace bitproof::threading {
namespace {

// Threads of the session's calls so far, joined when it ends.
struct Started {
  TileBody body;
  void* context;
  Tile tile;
  int thread;
  pthread_t handle;
};
Started started[1 << 12];
int count;

void* run(void* s) {
  const auto& work = *static_cast<Started*>(s);
  work.body(work.context, work.tile, work.thread);
  return nullptr;
}

void join_all() {
  while (count > 0) pthread_join(started[--count].handle, nullptr);
}

void joined_session(int threads, SessionBody body, void* context) {
  session(threads, body, context);
  join_all();
}

template <bool kFault>
void for_tiles(Team* team, Space s, TileBody body, void* context) {
  if (s.rows <= 0 || s.batch <= 0) return;
  const std::int64_t parts = smaller(threads_of(team), units(s, s.row_multiple));
  for (std::int64_t p = 1; p < parts; ++p) {
    Started& next = started[count];
    next = {body, context, part(s, s.row_multiple, p, parts), static_cast<int>(p), {}};
    if (pthread_create(&next.handle, nullptr, run, &next) == 0) {
      ++count;
    } else {
      run(&next);
    }
  }
  body(context, part(s, s.row_multiple, 0, parts), 0);
  if (!kFault) join_all();
}

constexpr Kernel kRows[] = {
    {planted("tiles of other threads may still run when the call returns: the next op reads what is not there yet",
             kThreads),
     joined_session, for_tiles<true>},
    {clean(kThreads), joined_session, for_tiles<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
