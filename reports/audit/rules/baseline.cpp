// A speedup is over one baseline. Where a system's reports, or one of them, give several, it must say which, and it
// changes with them.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {

namespace {

// Of one report, only what differs in nothing that it says: on two numbers of threads it may well have two rates.
bool same_baseline(const Claim& a, const Claim& b) {
  if (a.of != b.of || a.metric != b.metric) return false;
  return a.report != b.report || (a.scope == b.scope && a.basis == b.basis && a.threads == b.threads &&
                                  a.batch == b.batch && a.tokens == b.tokens && a.shape == b.shape);
}

}  // namespace

void baseline(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (c.metric != "speedup" || !c.value || c.over.empty() || c.basis != "measured") continue;
      const Claim& over = *report.find(c.over);
      for (const Claim* other : docket.claims()) {
        if (other == &over || !other->value || !same_baseline(*other, over)) continue;
        if (!docket.comparable(*other, c) || !disjoint(*over.value, over.unit.scale, *other->value, other->unit.scale))
          continue;
        const double scale = over.range().low / other->range().low;
        found.push_back(
            {"", &c, Verdict::contradicted,
             fmt::format("it is over {}, while {} gives {} for the same baseline: over that it is {}", over.shown(),
                         place(*other, c), other->shown(), with_unit(c.range().low * scale, c.unit_text)),
             fmt::format("{} x {} / {} = {}", c.shown(), over.shown(), other->shown(),
                         with_unit(c.range().low * scale, c.unit_text))});
      }
    }
  }
}

}  // namespace bitproof::audit::rules
