#include "sampling/plain.hpp"

namespace bitproof::sampling {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, vectorized by the compiler", techniques(Technique::simd)}, greedy}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::sampling
