#include "sampling/vector.hpp"

namespace bitproof::sampling {
namespace {
constexpr Kernel kRows[] = {{{"", "16 lanes, masked tail", techniques(Technique::simd)}, greedy}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::sampling
