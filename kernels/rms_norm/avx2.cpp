#include "rms_norm/vector.hpp"

namespace bitproof::rms_norm {
namespace {
constexpr Kernel kRows[] = {{{"", "8 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rms_norm
