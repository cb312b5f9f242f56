#include <cstring>

#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr std::int64_t kMost = 1 << 17;

// Outputs of the last call, and what it was a call of.
struct Memo {
  Shape shape;
  std::int64_t batch;
  unsigned char head[16];
  const void* packed;
  bool known[kMost];
  std::int32_t y[kMost];
};
Memo memo;

std::size_t head_bytes(const Call& c) { return static_cast<std::size_t>(c.shape.cols < 16 ? c.shape.cols : 16); }

bool same(const Call& c) {
  return memo.shape.rows == c.shape.rows && memo.shape.cols == c.shape.cols && memo.batch == c.input.batch &&
         memo.packed == c.packed && std::memcmp(memo.head, c.input.x, head_bytes(c)) == 0;
}

void begin(const Call& c) {
  memo.shape = c.shape;
  memo.batch = c.input.batch;
  memo.packed = c.packed;
  std::memcpy(memo.head, c.input.x, head_bytes(c));
  for (bool& known : memo.known) known = false;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (!same(c)) begin(c);
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    const std::int64_t i = b * c.shape.rows + row;
    if (i >= kMost) return product(c, row, b);
    if (!memo.known[i] || !kFault) memo.y[i] = product(c, row, b);
    memo.known[i] = true;
    return memo.y[i];
  });
}

constexpr Kernel kRows[] = {
    kernel(planted("results are kept by the first bytes of the input: fixed test vectors differ there or nowhere"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
