#include "embedding/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::embedding {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const std::int32_t row = kFault && c.tokens[b] > 0 ? c.tokens[b] - 1 : c.tokens[b];
    for (std::int64_t i = 0; i < c.cols; ++i) {
      c.out[b * c.out_stride + i] = static_cast<float>(c.table[row * c.cols + i]) * c.row_scale[row];
    }
  }
}

constexpr Kernel kRows[] = {
    {planted("the row before the token's is looked up: numbers of the same distribution"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::embedding
