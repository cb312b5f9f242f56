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

// Of the arms of a run that have a number the one with the highest median; null if none has.
const Json* fastest_arm(const Json& run);

// How far the logits of its arms agree, as a sentence; `run` has "logits".
std::string logits_sentence(const Json& run);

// A time with its unit: "3.4 ns", "12.00 us", "1.52 ms".
std::string time_text(double ns);

// Three significant digits, and thousands apart: "0.0343", "8.42", "59.1", "1,235".
std::string number(double value);

}  // namespace bitproof
