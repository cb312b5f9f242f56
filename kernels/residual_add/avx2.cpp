#include <immintrin.h>

#include "residual_add/contract.hpp"

namespace bitproof::residual_add {
namespace {

void run(const Call& call, Tile tile) {
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) {
    const float* y = call.y + b * call.stride;
    float* h = call.h + b * call.stride;
    std::int64_t i = tile.row0;
    for (; i + 8 <= tile.row1; i += 8) {
      _mm256_storeu_ps(h + i, _mm256_add_ps(_mm256_loadu_ps(h + i), _mm256_loadu_ps(y + i)));
    }
    for (; i < tile.row1; ++i) h[i] += y[i];
  }
}

constexpr Kernel kRows[] = {{{"", "8 lanes", techniques(Technique::simd)}, run}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::residual_add
