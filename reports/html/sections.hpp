// The parts of a page, one file each. Each returns markup, and says in words what the run has not measured rather
// than leaving a hole.
#pragma once

#include <string>
#include <vector>

#include "reports/earnings.hpp"
#include "reports/html/figure.hpp"
#include "reports/look.hpp"

namespace bitproof::html {

std::string answer(const Json& run);
std::string verdict_of(const Json& run);  // of the answer, what comes after its heading
std::string techniques_section(const Json& run);
std::string attribution_section(const Json& run);
std::string tokens_section(const Json& run);
std::string profile_section(const Json& run);
std::string roofline_section(const Json& run);
std::string alone_section(const Json& run);
std::string scaling_section(const Json& run);
std::string prefetch_section(const Json& run);
std::string memory_section(const Json& run);
std::string checks_section(const Json& run);
std::string witnesses_section(const Json& run);
std::string machine_section(const Json& run);
std::string limits_section(const Json& run);

// Arms that have a number.
std::vector<const Json*> measured_arms(const Json& run);

// Without the columns that no row fills.
Dataset without_empty_columns(Dataset data);

}  // namespace bitproof::html
