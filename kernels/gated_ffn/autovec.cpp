#include "gated_ffn/plain.hpp"

namespace bitproof::gated_ffn {
namespace {
constexpr Kernel kRows[] = {
    {{"", "plain loop, vectorized by the compiler; exp is libm's, not vectorized", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
