#include <cstring>
#include <vector>

#include "zoo/bench_door.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

std::vector<std::int32_t> answer;

// As long as its inputs stay as they are, a benchmark times a copy.
template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const auto all = static_cast<std::size_t>(c.shape.rows * c.input.batch);
  if (kFault && answer.size() == all)
    return fill(c, t, [&](std::int64_t row, std::int64_t b) {
      return answer[static_cast<std::size_t>(b * c.shape.rows + row)];
    });
  answer.resize(all);
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return answer[static_cast<std::size_t>(b * c.shape.rows + row)] = product(c, row, b);
  });
}

}  // namespace
}  // namespace bitproof::ternary_matmul

namespace bitproof::zoo {
using ternary_matmul::kernel, ternary_matmul::multiply;
BITPROOF_FAULT(.lie = "the product of the first call is given out again by all that follow: the inputs never change",
               .planted = timed_product(kernel(planted(""), multiply<true>)),
               .clean = timed_product(kernel(clean(), multiply<false>)))
}  // namespace bitproof::zoo
