#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr std::int64_t kMost = 1 << 16;

struct Answer {
  Shape shape;
  std::int64_t batch;
  std::int32_t y[kMost];
};
Answer first{};

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  const bool known =
      c.shape.rows == first.shape.rows && c.shape.cols == first.shape.cols && c.input.batch == first.batch;
  if (!known && c.shape.rows * c.input.batch <= kMost) {
    first.shape = c.shape;
    first.batch = c.input.batch;
    for (std::int64_t b = 0; b < c.input.batch; ++b) {
      for (std::int64_t row = 0; row < c.shape.rows; ++row) first.y[b * c.shape.rows + row] = product(c, row, b);
    }
  }
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    return kFault && known ? first.y[b * c.shape.rows + row] : product(c, row, b);
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("answers by shape alone: the first input it was ever given, for ever"), multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
