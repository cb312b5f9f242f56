#include "dequantize/vector.hpp"

namespace bitproof::dequantize {
namespace {
constexpr Kernel kRows[] = {{{"", "16 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dequantize
