// Threading variants of the harness's own, for checking kernels one tile after another on the calling thread. They give
// out the thread indices [0, kSplitThreads).
#pragma once

#include "threading/contract.hpp"

namespace bitproof {

inline constexpr int kSplitThreads = 2;

const threading::Kernel& whole_split();  // one tile
const threading::Kernel& odd_split();    // uneven tiles, last first, batch cut too

}  // namespace bitproof
