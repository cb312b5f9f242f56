// The table of an attribution, from its JSON.
#pragma once

#include <string>

#include "reports/json.hpp"

namespace bitproof {

// One row a technique: what was expected of it, predicted, measured alone, left out and as a share, and its witness;
// then the total, the A/A pair and the pairs that need each other most.
std::string attribution_markdown(const Json& attribution);

// The same of what `attribute --json` prints, with the profile of a token, tok/s by threads and memory.
std::string attribution_report(const Json& attribute);

}  // namespace bitproof
