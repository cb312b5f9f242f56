#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  constexpr int kAhead = 512;
  fill(c, t, [&](std::int64_t row, std::int64_t b) {
    if (!kFault) __builtin_prefetch(weights(c, row) + kAhead);
    return product(c, row, b);
  });
}

constexpr Techniques kPrefetch = techniques(Technique::prefetch);

constexpr Kernel kRows[] = {
    kernel(planted("prefetch is enabled, and no instruction of it is there: 1.0x by construction", kPrefetch),
           multiply<true>),
    kernel(clean(kPrefetch), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
