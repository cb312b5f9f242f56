// Reading what other versions of a run may not have, and figures for people.
#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>

#include "reports/json.hpp"

namespace bitproof {

// What is at the end of the path, or null where it ends early.
const Json& look(const Json& json, std::initializer_list<const char*> path);

// As text; `otherwise` where it is null or missing.
std::string words(const Json& json, const char* key, const std::string& otherwise = "unknown");

// Three significant digits, and thousands apart: "0.0343", "8.42", "59.1", "1,235".
std::string number(double value);

}  // namespace bitproof
