#include "zoo/bench_door.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

int calls;

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const bool worn = ++calls > 1000;
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b) + (kFault && worn); });
}

}  // namespace
}  // namespace bitproof::ternary_matmul

namespace bitproof::zoo {
using ternary_matmul::kernel, ternary_matmul::multiply;
BITPROOF_FAULT(.lie = "right for a thousand calls, and wrong from then on: the check before timing has passed",
               .planted = timed_product(kernel(planted(""), multiply<true>)),
               .clean = timed_product(kernel(clean(), multiply<false>)))
}  // namespace bitproof::zoo
