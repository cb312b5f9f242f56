#include "threading/contract.hpp"

namespace bitproof::threading {
namespace {

void session(int, SessionBody body, void* context) { body(context, nullptr); }

void for_tiles(Team*, Space space, TileBody body, void* context) {
  if (space.rows > 0 && space.batch > 0) body(context, {0, space.rows, 0, space.batch}, 0);
}

constexpr Kernel kRows[] = {
    {{"", "the calling thread, the whole space as one tile", techniques()}, session, for_tiles}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
