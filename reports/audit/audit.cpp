#include "reports/audit/audit.hpp"

#include <algorithm>
#include <set>

#include "error.hpp"
#include "reports/audit/follows.hpp"

namespace bitproof::audit {

const char* name(Verdict verdict) {
  static constexpr const char* kNames[] = {"HOLDS", "UNSUPPORTED", "CONTRADICTED", "WRONG", "IMPOSSIBLE"};
  return kNames[static_cast<int>(verdict)];
}

const char* severity(Verdict verdict) {
  return verdict == Verdict::holds ? "note" : verdict == Verdict::unsupported ? "warning" : "error";
}

const Report& Docket::report_of(const Claim& claim) const {
  return *std::find_if(reports.begin(), reports.end(), [&](const Report& r) { return r.name == claim.report; });
}

const Cpu* Docket::cpu_of(const Claim& claim) const { return find(cpus, report_of(claim).cpu); }

bool Docket::comparable(const Claim& a, const Claim& b) const {
  if (a.report == b.report) return true;
  const std::string& system = report_of(a).system;
  return !system.empty() && system == report_of(b).system;
}

std::vector<const Claim*> Docket::claims() const {
  std::vector<const Claim*> all;
  for (const Report& r : reports) {
    for (const Claim& c : r.claims) all.push_back(&c);
  }
  return all;
}

namespace {

// What another report claims and falls for other reasons is no evidence against a claim that does not.
void drop_contradictions_of_the_fallen(Findings& findings) {
  std::set<const Claim*> fallen;
  for (const Finding& f : findings) {
    if (f.verdict >= Verdict::wrong) fallen.insert(f.claim);
  }
  std::erase_if(findings, [&](const Finding& f) {
    return f.against && f.against->report != f.claim->report && fallen.contains(f.against) && !fallen.contains(f.claim);
  });
}

}  // namespace

std::vector<ClaimVerdict> audit(const Docket& docket) {
  Findings findings;
  for (const Rule& rule : all_rules()) {
    const std::size_t before = findings.size();
    rule.run(docket, findings);
    for (std::size_t i = before; i < findings.size(); ++i) findings[i].rule = rule.name;
  }
  drop_contradictions_of_the_fallen(findings);
  const Corrections corrections = follow(docket, findings);

  std::vector<ClaimVerdict> verdicts;
  for (const Claim* claim : docket.claims()) {
    ClaimVerdict v{claim, Verdict::holds, {}, {}};
    for (const Finding& f : findings) {
      if (f.claim != claim) continue;
      v.verdict = std::max(v.verdict, f.verdict);
      v.findings.push_back(f);
    }
    std::stable_sort(v.findings.begin(), v.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.verdict > b.verdict; });
    if (const auto found = corrections.find(claim); found != corrections.end()) v.should_be = found->second;
    verdicts.push_back(std::move(v));
  }
  return verdicts;
}

bool any_fault(const std::vector<ClaimVerdict>& verdicts) {
  return std::any_of(verdicts.begin(), verdicts.end(),
                     [](const ClaimVerdict& v) { return v.verdict != Verdict::holds; });
}

}  // namespace bitproof::audit
