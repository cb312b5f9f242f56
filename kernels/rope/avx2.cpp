#include "rope/vector.hpp"

namespace bitproof::rope {
namespace {
constexpr Kernel kRows[] = {{{"", "8 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rope
