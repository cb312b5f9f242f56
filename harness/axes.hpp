// Sweeps: benchmarks along an axis, "name=value,value".
#pragma once

#include <string>
#include <vector>

#include "suite.hpp"

namespace bitproof {

//   rows, cols, batch, kv_heads, positions, mode, seed, fill   of kernels and, positions, of caches
//   threads (0: all cores), temperature (cold, hot)             of kernels; threads of regions too
//   prefetch                                                    of kernels: the rows :pfN of their variants, 0 the main
//   row bytes                                                       of blocks depth, model, recipe of loops
//
// The benchmarks that the axis means something to, with its values in the place of theirs; the others are left out.
// Throws BadInput for an axis that is none, a value that is none of it, and where no benchmark is left.
std::vector<BenchmarkSpec> along_axis(const std::vector<BenchmarkSpec>& specs, const std::string& axis);

}  // namespace bitproof
