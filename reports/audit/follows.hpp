// What falls with a claim: figures computed from a corrected one are computed again, and what takes a claim for granted
// that does not hold is unsupported.
#pragma once

#include "reports/audit/audit.hpp"

namespace bitproof::audit {

using Corrections = std::map<const Claim*, Range>;

// Adds findings of the rule "follows". The corrections are those of the findings, and what follows from them.
Corrections follow(const Docket& docket, Findings& findings);

}  // namespace bitproof::audit
