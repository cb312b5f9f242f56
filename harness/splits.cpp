#include "splits.hpp"

#include <algorithm>
#include <cstdint>

namespace bitproof {
namespace {

// The team is the number of threads to give out indices of.
void session(int threads, threading::SessionBody body, void* context) {
  body(context, reinterpret_cast<threading::Team*>(&threads));
}

void whole(threading::Team*, threading::Space space, threading::TileBody body, void* context) {
  if (space.rows > 0 && space.batch > 0) body(context, {0, space.rows, 0, space.batch}, 0);
}

// Rows cut into 1 block, then 2, then 3 ... of row_multiple; the batch into its first element and the rest.
void odd(threading::Team* team, threading::Space space, threading::TileBody body, void* context) {
  if (space.rows <= 0 || space.batch <= 0) return;
  const int threads = *reinterpret_cast<const int*>(team);
  constexpr int kMostTiles = 6;
  std::int64_t row[kMostTiles + 1] = {0};
  int tiles = 0;
  while (row[tiles] < space.rows) {
    const bool last = tiles == kMostTiles - 1;
    const std::int64_t next = last ? space.rows : row[tiles] + (tiles + 1) * space.row_multiple;
    row[++tiles] = std::min(next, space.rows);
  }
  const std::int64_t batch[] = {0, std::min<std::int64_t>(1, space.batch - 1), space.batch};
  for (int t = tiles - 1; t >= 0; --t) {
    for (int b = 1; b >= 0; --b) {
      if (batch[b] == batch[b + 1]) continue;
      body(context, {row[t], row[t + 1], batch[b], batch[b + 1]}, (t + b) % threads);
    }
  }
}

constexpr threading::Kernel kWhole{{"", "one tile", techniques()}, session, whole};
constexpr threading::Kernel kOdd{{"", "uneven tiles, last first", techniques()}, session, odd};

}  // namespace

const threading::Kernel& whole_split() { return kWhole; }
const threading::Kernel& odd_split() { return kOdd; }

}  // namespace bitproof
