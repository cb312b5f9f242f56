#include <immintrin.h>

#include <cmath>

#include "rms_norm/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::rms_norm {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const float* x = c.x + b * c.x_stride;
    double squares = 0;
    for (std::int64_t i = 0; i < c.cols; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    const double mean = squares / static_cast<double>(c.cols) + static_cast<double>(c.eps);
    const float rough = _mm_cvtss_f32(_mm_rsqrt_ss(_mm_set_ss(static_cast<float>(mean))));
    const float factor = kFault ? rough : static_cast<float>(1 / std::sqrt(mean));
    for (std::int64_t i = 0; i < c.cols; ++i) c.y[b * c.y_stride + i] = x[i] * factor * c.weight[i];
  }
}

constexpr Kernel kRows[] = {
    {planted("the fast approximate reciprocal root, without the step that refines it"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rms_norm
