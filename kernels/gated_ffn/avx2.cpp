#include "gated_ffn/vector.hpp"

namespace bitproof::gated_ffn {
namespace {
constexpr Kernel kRows[] = {{{"", "8 lanes, masked tail", techniques(Technique::simd)}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
