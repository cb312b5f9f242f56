// One thing has one value: the same metric of the same thing, on the same basis, in all reports on a system.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// What is stated of a thing and what is estimated of it are the same to a reader.
std::string kind(const Claim& c) { return c.basis == "estimated" ? "stated" : c.basis; }

bool same_thing(const Claim& a, const Claim& b) {
  return a.of == b.of && a.metric == b.metric && a.scope == b.scope && kind(a) == kind(b) && a.threads == b.threads &&
         a.batch == b.batch && a.shape == b.shape && a.basis != "target";
}

}  // namespace

void contradiction(const Docket& docket, Findings& found) {
  const auto claims = docket.claims();
  for (const Claim* a : claims) {
    for (const Claim* b : claims) {
      if (a == b || !a->value || !b->value || !same_thing(*a, *b) || !docket.comparable(*a, *b)) continue;
      if (!disjoint(*a->value, a->unit.scale, *b->value, b->unit.scale)) continue;
      found.push_back({"", a, Verdict::contradicted,
                       fmt::format("{} here, {} in {}: the {} of one thing, {}", a->shown(), b->shown(), place(*b, *a),
                                   a->metric, a->of),
                       fmt::format("{}: \"{}\"", place(*b, *a), b->quote), std::nullopt, b});
    }
  }
}

}  // namespace bitproof::audit::rules
