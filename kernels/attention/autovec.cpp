#include "attention/plain.hpp"

namespace bitproof::attention {
namespace {
constexpr Kernel kRows[] = {
    {{"", "plain loop, vectorized by the compiler; exp is libm's, not vectorized", techniques(Technique::simd)},
     kv_cache::Element::f32,
     scores_bytes,
     run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
