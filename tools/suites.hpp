// Where suites are found: a name is looked up in the project's suites/, anything with a slash or .toml is a path.
#pragma once

#include "suite.hpp"

namespace bitproof {

// Cases and benchmarks of all of them, in order. Throws BadInput, with the nearest name, if there is none.
Suite read_suites(const std::vector<std::string>& names_or_paths);

}  // namespace bitproof
