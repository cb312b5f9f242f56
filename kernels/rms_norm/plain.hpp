// The plain loops, compiled twice: as scalar.cpp without vectorization and as autovec.cpp with the compiler's best.
#pragma once

#include <cmath>

#include "plain_dot.hpp"
#include "rms_norm/contract.hpp"

namespace bitproof::rms_norm {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* x = call.x + b * call.x_stride;
    float* y = call.y + b * call.y_stride;
    // In double: once a row it costs nothing, and it leaves a single rounding between the sum and the factor.
    const double mean_square = static_cast<double>(plain_dot(x, x, call.cols)) / static_cast<double>(call.cols);
    const float factor = static_cast<float>(1.0 / std::sqrt(mean_square + static_cast<double>(call.eps)));
    for (std::int64_t i = 0; i < call.cols; ++i) y[i] = x[i] * factor * call.weight[i];
  }
}

}  // namespace
}  // namespace bitproof::rms_norm
