// Verdicts as text, JSON and Markdown. The answer comes first: how many claims hold, and what the report should have
// said.
#pragma once

#include <string>

#include "reports/audit/audit.hpp"
#include "reports/json.hpp"

namespace bitproof::audit {

// claims: [{id, line, quote, verdict, claimed, should_be, headline, answer, findings: [{rule, severity, text, quote,
// arithmetic}]}], reports: [{name, claims, holds, unsupported ...}].
Json to_json(const Docket& docket, const std::vector<ClaimVerdict>& verdicts);

std::string summary(const Docket& docket, const std::vector<ClaimVerdict>& verdicts);

// Every claim with a finding, worst first within its report.
std::string details(const Docket& docket, const std::vector<ClaimVerdict>& verdicts);

// The short table of the README.
std::string markdown(const Docket& docket, const std::vector<ClaimVerdict>& verdicts);

}  // namespace bitproof::audit
