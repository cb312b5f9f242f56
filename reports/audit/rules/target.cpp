// A target that moves is none: all targets for one thing must be the same.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {

void target(const Docket& docket, Findings& found) {
  const auto claims = docket.claims();
  for (const Claim* a : claims) {
    if (a->basis != "target" || !a->value) continue;
    for (const Claim* b : claims) {
      if (a == b || b->basis != "target" || !b->value || a->of != b->of || a->metric != b->metric) continue;
      if (!docket.comparable(*a, *b)) continue;
      const Range x = a->range(), y = b->range();
      const double loose = a->value->step * a->unit.scale + b->value->step * b->unit.scale;
      if (std::abs(x.low - y.low) <= loose && std::abs(x.high - y.high) <= loose) continue;
      found.push_back({"", a, Verdict::contradicted,
                       fmt::format("the target moves: {} here, {} in {}", a->shown(), b->shown(), place(*b, *a)),
                       fmt::format("{}: \"{}\"", place(*b, *a), b->quote)});
    }
  }
}

}  // namespace bitproof::audit::rules
