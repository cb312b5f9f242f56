#include "attention/vector.hpp"

namespace bitproof::attention {
namespace {
constexpr Kernel kRows[] = {{{"", "scores, softmax and weighted sum, 8 lanes", techniques(Technique::simd)},
                             kv_cache::Element::f32,
                             scores_bytes,
                             run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
