#include "dequantize/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::dequantize {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = t.row0; i < t.row1; ++i) {
      const float weight = c.weight_scale[c.scale_per_row ? i : 0], scale = c.activation_scale[b];
      const auto acc = static_cast<float>(c.acc[b * c.acc_stride + i]);
      c.y[b * c.y_stride + i] = kFault ? acc / scale * weight : acc * (weight / scale);
    }
  }
}

constexpr Kernel kRows[] = {
    {planted("(acc / s) * w in place of acc * (w / s): off by an ulp that a tolerance forgives"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dequantize
