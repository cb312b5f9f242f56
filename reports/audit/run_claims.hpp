// bitproof's own run.json before the same judge: its figures as claims, held against each other by the same rules.
#pragma once

#include <string>
#include <vector>

#include "reports/audit/audit.hpp"
#include "reports/json.hpp"

namespace bitproof::audit {

// What is not there, or null, makes no claim.
Report claims_of(const Json& run);

// One line for each finding above a note. Throws BadInput when the figures cannot be claims at all.
std::vector<std::string> audit_run(const Json& run);

// Those that the run does not already list among its failures: no report is made of such a run.
std::vector<std::string> undeclared_faults(const Json& run);

}  // namespace bitproof::audit
