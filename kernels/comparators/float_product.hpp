// What a comparator library is asked for: y[batch x rows] = x[batch x cols] . w[rows x cols]^T in float, on the calling
// thread. Sums of at most 2^16 integers of 7 bits stay below 2^24, so in whatever order they are added they are exact.
#pragma once

#include <cstdint>

extern "C" {
using BitproofFloatProduct = void(std::int64_t rows, std::int64_t cols, std::int64_t batch, const float* w,
                                  const float* x, float* y);
BitproofFloatProduct bitproof_eigen_product;
BitproofFloatProduct bitproof_openblas_product;
}
