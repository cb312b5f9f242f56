#include <cmath>

#include "gated_ffn/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::gated_ffn {
namespace {

float silu(float x) { return static_cast<float>(x / (1 + std::exp(-static_cast<double>(x)))); }
float quick_gelu(float x) { return static_cast<float>(x / (1 + std::exp(-1.702 * static_cast<double>(x)))); }

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = b * c.stride + t.row0; i < b * c.stride + t.row1; ++i) {
      const float g = c.gate[i], r = g > 0 ? g : 0;
      c.y[i] = (c.activation == Activation::relu_squared ? r * r : kFault ? quick_gelu(g) : silu(g)) * c.up[i];
    }
  }
}

constexpr Kernel kRows[] = {
    {planted("x sigmoid(1.702 x), the quick GELU, in the place of SiLU: the curves look alike"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
