#include "activation_quant/plain.hpp"

namespace bitproof::activation_quant {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, vectorized by the compiler", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::activation_quant
