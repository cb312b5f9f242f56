#include <cmath>

#include "gated_ffn/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::gated_ffn {
namespace {

float silu(float x) { return static_cast<float>(x / (1 + std::exp(-static_cast<double>(x)))); }
float silu_of_large(float x) { return x * std::exp(x) / (1 + std::exp(x)); }

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = b * c.stride + t.row0; i < b * c.stride + t.row1; ++i) {
      const float g = c.gate[i], r = g > 0 ? g : 0;
      c.y[i] = (c.activation == Activation::relu_squared ? r * r
                : kFault && g > 0                        ? silu_of_large(g)
                                                         : silu(g)) *
               c.up[i];
    }
  }
}

constexpr Kernel kRows[] = {
    {planted("SiLU as x exp(x) / (1 + exp(x)): right until exp overflows, then NaN"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
