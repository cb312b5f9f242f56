#include "activation_quant/vector.hpp"

namespace bitproof::activation_quant {
namespace {
constexpr Kernel kRows[] = {{{"", "16 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::activation_quant
