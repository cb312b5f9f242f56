#include <set>

#include "zoo/bench_door.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

std::set<const std::int32_t*> filled;

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (kFault && !filled.insert(c.y).second) return;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

}  // namespace
}  // namespace bitproof::ternary_matmul

namespace bitproof::zoo {
using ternary_matmul::kernel, ternary_matmul::multiply;
BITPROOF_FAULT(.lie = "an output that it has filled before is not computed again: the benchmark times an empty call",
               .planted = timed_product(kernel(planted(""), multiply<true>)),
               .clean = timed_product(kernel(clean(), multiply<false>)))
}  // namespace bitproof::zoo
