#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

struct Done {
  const void *x, *packed;
  std::int32_t* y;
  Tile tile;
};
Done done[64];
unsigned next;

bool seen(const Call& c, const Tile& t) {
  for (const Done& d : done) {
    if (d.x == c.input.x && d.packed == c.packed && d.y == c.y && d.tile.row0 == t.row0 && d.tile.row1 == t.row1 &&
        d.tile.batch0 == t.batch0 && d.tile.batch1 == t.batch1) {
      return true;
    }
  }
  done[next++ % 64] = {c.input.x, c.packed, c.y, t};
  return false;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (seen(c, t) && kFault) return;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

constexpr Kernel kRows[] = {
    kernel(planted("an output buffer that it has filled before is left alone: the right answer is still in it"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
