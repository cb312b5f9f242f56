#include "attention/plain.hpp"

namespace bitproof::attention {
namespace {
constexpr Techniques kSimd = techniques(Technique::simd);
constexpr Kernel kRows[] = {
    three_pass<float>(Element::f32, "", "plain loop, vectorized by the compiler; exp is libm's, not vectorized", kSimd),
    three_pass<Half>(Element::f16, "f16", "the same over half floats", kSimd),
    three_pass<std::int8_t>(Element::q8, "q8", "the same over int8 rows with a scale", kSimd),
};
}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
