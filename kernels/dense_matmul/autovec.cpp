#include "dense_matmul/plain.hpp"

namespace bitproof::dense_matmul {
namespace {
constexpr Kernel kRows[] = {plain_row<0>("", "plain loop, vectorized by the compiler", techniques(Technique::simd))};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
