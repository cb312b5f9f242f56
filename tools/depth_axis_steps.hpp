// Measuring the worth of a cache by the length of the context, with its lines of progress.
#pragma once

#include <string>
#include <vector>

#include "commands.hpp"
#include "reports/json.hpp"

namespace bitproof {

// "4,16,64"; throws BadInput. With depths on both sides of it, the one that a model is held against is added.
std::vector<std::int64_t> parse_depths(const std::string& text, const std::string& model);

// One lattice of four recipes a depth, over the same weights. `failures` gets what keeps a number from standing.
Json measure_depth_axis(const std::vector<std::int64_t>& depths, const AttributeOptions& options, int threads,
                        std::vector<std::string>& failures);

}  // namespace bitproof
