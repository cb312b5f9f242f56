#include "attention/vector.hpp"

namespace bitproof::attention {
namespace {
constexpr Techniques kSimd = techniques(Technique::simd);
constexpr Kernel kRows[] = {
    three_pass<float>(Element::f32, "", "scores, softmax and weighted sum, 16 lanes", kSimd),
    three_pass<Half>(Element::f16, "f16", "the same over half floats, converted as they are read", kSimd),
    three_pass<std::int8_t>(Element::q8, "q8", "the same over int8 rows, scales applied to scores and weights", kSimd),
};
}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
