#include "dequantize/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::dequantize {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = t.row0; i < t.row1; ++i) {
      const float weight = c.weight_scale[c.scale_per_row ? i : 0];
      c.y[b * c.y_stride + i] =
          static_cast<float>(c.acc[b * c.acc_stride + i]) * (weight / c.activation_scale[kFault ? 0 : b]);
    }
  }
}

constexpr Kernel kRows[] = {
    {planted("the first activation's scale is taken for the whole batch: right at batch 1"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dequantize
