#include "reports/audit/follows.hpp"

#include <algorithm>
#include <set>

#include "error.hpp"

namespace bitproof::audit {
namespace {

constexpr int kMostRounds = 50;  // longer chains are circles

using Verdicts = std::map<const Claim*, Verdict>;

void raise(Verdicts& verdicts, const Claim* claim, Verdict verdict) {
  Verdict& v = verdicts[claim];
  v = std::max(v, verdict);
}

// What it is computed by: what the report says, or else the first thing that its figures imply.
std::string formula(const Claim& c) { return !c.expression.empty() || c.implied.empty() ? c.expression : c.implied[0]; }

// A claim computed again from corrected operands; nothing where none is corrected, or they make no number.
std::optional<Range> recompute(const Report& report, const Claim& c, const Corrections& corrections) {
  const std::string expression = formula(c);
  if (expression.empty()) return std::nullopt;
  const auto names = operands(expression);
  if (std::none_of(names.begin(), names.end(),
                   [&](const std::string& n) { return corrections.contains(report.find(n)); })) {
    return std::nullopt;
  }
  try {
    return evaluate(report, expression,
                    [&](const Claim& o) {
                      const auto corrected = corrections.find(&o);
                      return corrected == corrections.end() ? o.range() : corrected->second;
                    })
        .range;
  } catch (const BadInput&) {
    return std::nullopt;
  }
}

std::string arithmetic(const Report& report, const Claim& c, const Corrections& corrections, const Range& result) {
  std::string with;
  for (const std::string& n : operands(formula(c))) {
    const Claim& o = *report.find(n);
    const auto corrected = corrections.find(&o);
    with += fmt::format("{}{} = {}", with.empty() ? "" : ", ", n,
                        with_unit(corrected == corrections.end() ? o.range() : corrected->second, o.unit_text));
  }
  return fmt::format("{} with {}: {}", formula(c), with, with_unit(result, c.unit_text));
}

// Corrects what is computed from what was corrected, until nothing changes. A correction that a rule made by other
// means than the claim's own expression stands.
void recompute_all(const Docket& docket, Findings& findings, Corrections& corrections,
                   const std::set<const Claim*>& fixed) {
  std::map<const Claim*, Finding> added;
  for (int round = 0; round < kMostRounds; ++round) {
    bool changed = false;
    for (const Report& report : docket.reports) {
      for (const Claim& c : report.claims) {
        if (!c.value || fixed.contains(&c)) continue;
        const auto r = recompute(report, c, corrections);
        if (!r || (corrections.contains(&c) && corrections[&c] == *r)) continue;
        const Range in_unit{r->low / c.unit.scale, r->high / c.unit.scale};
        if (!corrections.contains(&c) && compare(*c.value, in_unit) != Match::differs) continue;
        const std::string why = arithmetic(report, c, corrections, *r);
        corrections[&c] = *r;
        added[&c] = {
            "follows",
            &c,
            Verdict::wrong,
            fmt::format("should be {}, once what it is computed from is corrected", with_unit(*r, c.unit_text)),
            why,
            *r};
        changed = true;
      }
    }
    if (!changed) break;
  }
  for (const auto& [claim, finding] : added) findings.push_back(finding);
}

void lean(const Docket& docket, Findings& findings, Verdicts& verdicts) {
  for (int round = 0; round < kMostRounds; ++round) {
    bool changed = false;
    for (const Report& report : docket.reports) {
      for (const Claim& c : report.claims) {
        if (verdicts[&c] != Verdict::holds) continue;
        for (const std::string& id : c.leans_on) {
          const Claim* ground = report.find(id);
          if (verdicts[ground] == Verdict::holds) continue;
          findings.push_back(
              {"follows", &c, Verdict::unsupported,
               fmt::format("takes for granted line {}, which is {}", ground->line, name(verdicts[ground])),
               fmt::format("line {}: \"{}\"", ground->line, ground->quote)});
          raise(verdicts, &c, Verdict::unsupported);
          changed = true;
          break;
        }
      }
    }
    if (!changed) return;
  }
}

}  // namespace

Corrections follow(const Docket& docket, Findings& findings) {
  Corrections corrections;
  std::set<const Claim*> fixed;
  for (const Finding& f : findings) {
    if (!f.should_be) continue;
    const bool by_expression = f.rule == "expression" || f.rule == "range_end" || f.rule == "wording";
    if (!by_expression || !corrections.contains(f.claim)) corrections[f.claim] = *f.should_be;
    if (!by_expression) fixed.insert(f.claim);
  }
  recompute_all(docket, findings, corrections, fixed);
  Verdicts verdicts;
  for (const Finding& f : findings) raise(verdicts, f.claim, f.verdict);
  lean(docket, findings, verdicts);
  return corrections;
}

}  // namespace bitproof::audit
