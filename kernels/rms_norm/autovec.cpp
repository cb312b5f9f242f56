#include "rms_norm/plain.hpp"

namespace bitproof::rms_norm {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, vectorized by the compiler", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rms_norm
