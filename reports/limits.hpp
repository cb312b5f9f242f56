// What a run does not show, in sentences: every report ends with them.
#pragma once

#include <string>
#include <vector>

#include "reports/json.hpp"

namespace bitproof {

// Plain text, not escaped for any format. Throws Json::exception where the run lacks what its schema promises.
std::vector<std::string> limits(const Json& run);

// The one of them on what the tokens mean.
std::string about_text(const Json& run);

}  // namespace bitproof
