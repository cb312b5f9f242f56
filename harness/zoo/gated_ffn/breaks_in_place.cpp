#include <cmath>

#include "gated_ffn/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::gated_ffn {
namespace {

float activated(Activation activation, float x) {
  const float r = x > 0 ? x : 0;
  return activation == Activation::relu_squared ? r * r
                                                : static_cast<float>(x / (1 + std::exp(-static_cast<double>(x))));
}

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const std::int64_t begin = b * c.stride + t.row0, end = b * c.stride + t.row1;
    for (std::int64_t i = begin; i < end; ++i) {
      const float act = activated(c.activation, c.gate[i]);
      c.y[i] = kFault ? act : act * c.up[i];
    }
    for (std::int64_t i = begin; kFault && i < end; ++i) c.y[i] *= c.up[i];
  }
}

constexpr Kernel kRows[] = {
    {planted("two passes through the output: right unless the output is the second input"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
