// bitproof's own run.json before the same judge: its figures as claims, held against each other, and against the
// machine by the ceilings of the same run, by the same rules. Also what `attribute --json` prints.
#pragma once

#include <string>
#include <vector>

#include "reports/json.hpp"

namespace bitproof::audit {

// One line for each finding above a note. What is not there, or null, makes no claim; figures that cannot
// be reckoned with are one finding.
std::vector<std::string> audit_run(const Json& run);

// Those that the run does not already list among its failures: no report is made of such a run.
std::vector<std::string> undeclared_faults(const Json& run);

}  // namespace bitproof::audit
