// A status against the numbers: what PASSED cannot have mismatches, and an error of 100 % is what zeros would have.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

bool is_error(const Claim& c) {
  return (c.metric == "mismatches" || c.metric == "relative_error") && c.value && c.range().high > 0;
}

}  // namespace

void status(const Docket& docket, Findings& found) {
  for (const Claim* c : docket.claims()) {
    if (c->status != "passed") continue;
    for (const Claim* o : docket.claims()) {
      if (o->of != c->of || !docket.comparable(*o, *c) || (!is_error(*o) && o->status != "failed")) continue;
      const bool worthless = o->metric == "relative_error" && o->range().low >= 1;
      found.push_back({"", c, Verdict::contradicted,
                       fmt::format("PASSED, against {} ({}){}", o->shown(), place(*o, *c),
                                   worthless ? ": answering zero everywhere has an error of 100 %" : ""),
                       fmt::format("{}: \"{}\"", place(*o, *c), o->quote)});
    }
  }
}

}  // namespace bitproof::audit::rules
