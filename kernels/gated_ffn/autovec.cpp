#include "gated_ffn/plain.hpp"

namespace bitproof::gated_ffn {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, vectorized by the compiler", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
