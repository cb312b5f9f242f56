// How work is spread over threads.
//
// session() runs body once, on the calling thread; inside it for_tiles() may be called any number of times. A variant
// may start threads per for_tiles (fork-join) or keep them for the whole session (a persistent region).
#pragma once

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::threading {

// The space to cover: every (row, batch) of rows x batch exactly once. Tiles begin at multiples of row_multiple.
struct Space {
  std::int64_t rows, row_multiple, batch;
};

struct Team;  // the variant's own; lives as long as the session

using TileBody = void (*)(void* context, Tile tile, int thread);
using SessionBody = void (*)(void* context, Team* team);

struct Kernel {
  VariantInfo info;
  void (*session)(int threads, SessionBody body, void* context);
  // Calls body for disjoint tiles that cover the space; returns when all are done (a barrier: what tiles wrote is
  // visible to the caller). thread is in [0, threads); two tiles with one thread index never run at once.
  // A space that falls into one tile runs on the caller, without waking anybody. Empty spaces call nothing.
  void (*for_tiles)(Team* team, Space space, TileBody body, void* context);
};

}  // namespace bitproof::threading
