#include "sampling/plain.hpp"

namespace bitproof::sampling {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, greedy}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::sampling
