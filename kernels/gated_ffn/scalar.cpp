#include "gated_ffn/plain.hpp"

namespace bitproof::gated_ffn {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::gated_ffn
