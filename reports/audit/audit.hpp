// Claims on trial: every rule over all reports together, then what follows from what they found, then a verdict a
// claim.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "reports/audit/claims.hpp"
#include "reports/audit/machines.hpp"

namespace bitproof::audit {

// From the mildest to the gravest: a claim has the gravest of its findings.
enum class Verdict { holds, unsupported, contradicted, wrong, impossible };
const char* name(Verdict verdict);      // HOLDS, UNSUPPORTED ...
const char* severity(Verdict verdict);  // of a finding: note, warning, error

struct Finding {
  std::string rule;  // set by whoever runs the rules
  const Claim* claim;
  Verdict verdict;  // holds: a note
  std::string text;
  std::string arithmetic;            // "17.66 ms x 32 = 565.1 ms"
  std::optional<Range> should_be{};  // in the claim's dimension
  const Claim* against = nullptr;    // the claim that it contradicts
};
using Findings = std::vector<Finding>;

struct Docket {
  std::vector<Report> reports;
  Cpus cpus;

  const Report& report_of(const Claim& claim) const;
  const Cpu* cpu_of(const Claim& claim) const;  // none: not named, or not in the table
  // Two claims that may be held against each other: of one report, or of reports on one system.
  bool comparable(const Claim& a, const Claim& b) const;
  std::vector<const Claim*> claims() const;
};

// One file of rules/ is one rule: the function of its name. CMake lists them.
struct Rule {
  const char* name;
  void (*run)(const Docket&, Findings&);
};
const std::vector<Rule>& all_rules();

struct ClaimVerdict {
  const Claim* claim;
  Verdict verdict;
  Findings findings;
  std::optional<Range> should_be;
};

// One for every claim, in the order of the reports. They point into the docket.
std::vector<ClaimVerdict> audit(const Docket& docket);

// Above a note.
bool any_fault(const std::vector<ClaimVerdict>& verdicts);

}  // namespace bitproof::audit
