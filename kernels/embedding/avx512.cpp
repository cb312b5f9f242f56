#include "embedding/vector.hpp"

namespace bitproof::embedding {
namespace {
constexpr Kernel kRows[] = {{{"", "16 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::embedding
