#include "embedding/plain.hpp"

namespace bitproof::embedding {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, vectorized by the compiler", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::embedding
