// The shapes of published models, as data: suites/models/<name>.toml.
#pragma once

#include <string>
#include <vector>

#include "model.hpp"

namespace bitproof {

// A name of suites/models, or a path that ends in .toml. Throws BadInput: no such model, or not a shape.
ModelShape model_by_name(const std::string& name);
std::vector<std::string> model_names();  // sorted

// path appears in errors only.
ModelShape parse_model_shape(const std::string& toml, const std::string& path);

// What is wrong with a shape that nobody here has made up: "" if every op of the loop accepts it.
std::string shape_fault(const ModelShape&);

}  // namespace bitproof
