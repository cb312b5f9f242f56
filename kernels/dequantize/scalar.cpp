#include "dequantize/plain.hpp"

namespace bitproof::dequantize {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dequantize
