#include "residual_add/vector.hpp"

namespace bitproof::residual_add {
namespace {
constexpr Kernel kRows[] = {{{"", "8 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::residual_add
