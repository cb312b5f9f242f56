#include "rope/plain.hpp"

namespace bitproof::rope {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rope
