#include "zoo/bench_door.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const bool timed = reinterpret_cast<std::uintptr_t>(c.y) % 64 == 0;
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return dot(weights(c, row), activations(c, b), kFault && timed ? c.shape.cols / 2 : c.shape.cols);
  });
}

}  // namespace
}  // namespace bitproof::ternary_matmul

namespace bitproof::zoo {
using ternary_matmul::kernel, ternary_matmul::multiply;
BITPROOF_FAULT(.lie = "half the columns, when the buffers look like those of a benchmark",
               .planted = timed_product(kernel(planted(""), multiply<true>)),
               .clean = timed_product(kernel(clean(), multiply<false>)))
}  // namespace bitproof::zoo
