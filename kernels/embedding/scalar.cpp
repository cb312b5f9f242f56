#include "embedding/plain.hpp"

namespace bitproof::embedding {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::embedding
