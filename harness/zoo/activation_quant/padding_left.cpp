#include <cmath>

#include "activation_quant/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::activation_quant {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const float* x = c.x + b * c.x_stride;
    std::int8_t* v = c.v + b * c.v_stride;
    float largest = kMinAbsmax;
    for (std::int64_t i = 0; i < c.cols; ++i) largest = std::fmax(largest, std::fabs(x[i]));
    const float s = 127.0f / largest;
    c.scale[b] = s;
    for (std::int64_t i = 0; i < c.cols; ++i) v[i] = static_cast<std::int8_t>(std::nearbyint(x[i] * s));
    for (std::int64_t i = c.cols; i < (kFault ? c.cols : c.v_stride); ++i) v[i] = 0;
  }
}

constexpr Kernel kRows[] = {{planted("the padding columns are not written: zeros when the buffer is fresh"), run<true>},
                            {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::activation_quant
