#include "rms_norm/plain.hpp"

namespace bitproof::rms_norm {
namespace {
constexpr Kernel kRows[] = {{{"", "plain loop, not vectorized", techniques()}, run}};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rms_norm
