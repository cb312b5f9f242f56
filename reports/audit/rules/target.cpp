// A target that moves is none: all targets for one thing must be the same, and what one line says of a figure must be
// over one of them.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {

namespace {

bool same_target(const Claim& a, const Claim& b) {
  const Range x = a.range(), y = b.range();
  const double loose = a.value->step * a.unit.scale + b.value->step * b.unit.scale;
  return std::abs(x.low - y.low) <= loose && std::abs(x.high - y.high) <= loose;
}

const Claim* target_under(const Report& report, const Claim& c) {
  if (c.expression.empty()) return nullptr;
  for (const std::string& name : operands(c.expression)) {
    const Claim& o = *report.find(name);
    if (o.basis == "target") return &o;
  }
  return nullptr;
}

// "By 227 % (7x better)": of one figure in one breath, over two targets.
void one_breath(const Report& report, const Claim& a, Findings& found) {
  const Claim* mine = a.value ? target_under(report, a) : nullptr;
  if (!mine) return;
  for (const Claim& b : report.claims) {
    const Claim* theirs = &a != &b && b.line == a.line && b.value ? target_under(report, b) : nullptr;
    if (!theirs || mine->metric != theirs->metric || mine->of != theirs->of || same_target(*mine, *theirs)) continue;
    const auto worked = [&](const Claim& c) {
      return fmt::format("{} = {}", c.expression, with_unit(evaluate(report, c.expression).range, "x"));
    };
    found.push_back({"", &a, Verdict::contradicted,
                     fmt::format("{} and {} are said of one figure on one line: the one is over {}, the other over {}",
                                 a.shown(), b.shown(), mine->shown(), theirs->shown()),
                     worked(a) + "; " + worked(b), std::nullopt, &b});
  }
}

}  // namespace

void target(const Docket& docket, Findings& found) {
  const auto claims = docket.claims();
  for (const Claim* a : claims) {
    if (a->basis != "target" || !a->value) continue;
    for (const Claim* b : claims) {
      if (a == b || b->basis != "target" || !b->value || a->of != b->of || a->metric != b->metric) continue;
      if (!docket.comparable(*a, *b)) continue;
      if (same_target(*a, *b)) continue;
      found.push_back({"", a, Verdict::contradicted,
                       fmt::format("the target moves: {} here, {} in {}", a->shown(), b->shown(), place(*b, *a)),
                       fmt::format("{}: \"{}\"", place(*b, *a), b->quote)});
    }
  }
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) one_breath(report, c, found);
  }
}

}  // namespace bitproof::audit::rules
