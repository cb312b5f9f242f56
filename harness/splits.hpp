// Threading variants of the harness's own, for checking kernels one tile after another on the calling thread, with the
// thread indices that a session asks for.
#pragma once

#include "threading/contract.hpp"

namespace bitproof {

const threading::Kernel& whole_split();  // one tile
const threading::Kernel& odd_split();    // uneven tiles, last first, batch cut too

}  // namespace bitproof
