#include "activation_quant/plain.hpp"

namespace bitproof::activation_quant {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::activation_quant
