// One parallel region for a whole session: threads stay in it and wait for the next space, so that a barrier costs the
// two cache lines that it moves and no fork.
//
// How to wait decides what happens when a core is taken away. Whoever only spins burns the time slice of the thread it
// waits for, where the two share a core; so after kSpins pauses (some 10 us) a waiting thread gives up its slice after
// every look.
#include <omp.h>

#include <thread>

#include "threading/grid.hpp"

namespace bitproof::threading {
namespace {

constexpr int kSpins = 200;

// Waits for *word to be another value than `old` (acquire); returns it.
std::int64_t wait_past(const std::int64_t* word, std::int64_t old) {
  for (int spins = 0;;) {
    if (const std::int64_t now = __atomic_load_n(word, __ATOMIC_ACQUIRE); now != old) return now;
    if (spins < kSpins) {
      ++spins;
      __builtin_ia32_pause();
    } else {
      std::this_thread::yield();
    }
  }
}

// The caller writes the job, then the epoch; the others read the epoch, then the job, and count themselves as done.
struct Persistent {
  int threads;         // that the runtime granted
  const Tiles* tiles;  // null: the session is over
  TileBody body;
  void* context;
  std::int64_t expected = 0;  // `done` when the job at hand is
  alignas(64) std::int64_t epoch = 0;
  alignas(64) std::int64_t done = 0;  // by the others, since the session began
};

inline void run_share(const Persistent& p, int thread) {
  for (std::int64_t i = thread; i < p.tiles->count(); i += p.threads) p.body(p.context, (*p.tiles)[i], thread);
}

void serve(Persistent& p, int thread) {
  for (std::int64_t epoch = 0;;) {
    epoch = wait_past(&p.epoch, epoch);
    if (!p.tiles) return;
    run_share(p, thread);
    __atomic_fetch_add(&p.done, 1, __ATOMIC_RELEASE);
  }
}

inline void publish(Persistent& p, const Tiles* tiles) {
  p.tiles = tiles;
  __atomic_store_n(&p.epoch, p.epoch + 1, __ATOMIC_RELEASE);
}

void session(int threads, SessionBody body, void* context) {
  Persistent p{};
#pragma omp parallel num_threads(threads)
  {
#pragma omp single
    p.threads = omp_get_num_threads();
#pragma omp master
    {
      body(context, reinterpret_cast<Team*>(&p));
      publish(p, nullptr);
    }
    if (omp_get_thread_num() != 0) serve(p, omp_get_thread_num());
  }
}

void for_tiles(Team* team, Space space, TileBody body, void* context) {
  if (empty(space)) return;
  Persistent& p = *reinterpret_cast<Persistent*>(team);
  const Tiles tiles(space, over_both, p.threads);
  if (tiles.count() == 1) return body(context, tiles[0], 0);
  p.body = body;
  p.context = context;
  p.expected += p.threads - 1;
  publish(p, &tiles);
  run_share(p, 0);
  for (std::int64_t done = __atomic_load_n(&p.done, __ATOMIC_ACQUIRE); done != p.expected;) {
    done = wait_past(&p.done, done);
  }
}

constexpr Kernel kRows[] = {
    {{"", "one region a session; waits spin for some 10 us, then yield", techniques(Technique::threading)},
     session,
     for_tiles}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
