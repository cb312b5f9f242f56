// The read ceilings of this machine as a command measures them, with progress.
#pragma once

#include "reports/json.hpp"

namespace bitproof {

// Adds `rounds` rounds at 1..threads threads to the table. A sample whose threads did not get their CPUs says nothing
// about the memory and is not added; the number of those is returned.
int measure_ceilings(CeilingTable& table, int threads, int rounds);

}  // namespace bitproof
