// Where suites are found: a name is looked up in the project's suites/, anything with a slash or .toml is a path.
#pragma once

#include <string>

namespace bitproof {

std::string suite_path(const std::string& name_or_path);

}  // namespace bitproof
