#include <cmath>

#include "rms_norm/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::rms_norm {
namespace {

// Two halves, each normalized as soon as the other half's sum is known: the second sum reads what the first half wrote.
template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const float* x = c.x + b * c.x_stride;
    float* y = c.y + b * c.y_stride;
    const auto factor = [&] {
      double squares = 0;
      for (std::int64_t i = 0; i < c.cols; ++i) squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
      return static_cast<float>(1 / std::sqrt(squares / static_cast<double>(c.cols) + static_cast<double>(c.eps)));
    };
    const std::int64_t half = c.cols / 2;
    const float first = factor();
    for (std::int64_t i = 0; i < half; ++i) y[i] = x[i] * first * c.weight[i];
    const float second = kFault ? factor() : first;
    for (std::int64_t i = half; i < c.cols; ++i) y[i] = x[i] * second * c.weight[i];
  }
}

constexpr Kernel kRows[] = {
    {planted("the row is scaled while it is still being summed: right unless the output is the input"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rms_norm
