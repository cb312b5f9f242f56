// A unit says what was measured, whatever the report calls it: a clock in GHz is no throughput.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// What the report's own token rate comes to, in operations a second.
std::string from_tokens(const Docket& docket, const Report& report) {
  const auto macs = report.model.macs_per_token();
  for (const Claim& c : report.claims) {
    if (!macs || !c.value || c.metric != "throughput" || c.basis != "measured" || !c.headline) continue;
    return fmt::format("2 x {} multiply-adds a token x {} = {} GOP/s", short_number(*macs), c.shown(),
                       short_number(2 * *macs * c.range().low * 1e-9));
  }
  return docket.reports.empty() ? "" : "no shape and no token rate to derive it from";
}

}  // namespace

void stated_unit(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (c.stated_as.empty()) continue;
      const Dimension called = *dimension_of(c.stated_as);
      if (called == c.unit.dimension) continue;
      const std::string derived = called == *dimension_of("op_rate") ? from_tokens(docket, report) : "";
      found.push_back({"", &c, Verdict::wrong,
                       fmt::format("{} is a {}, and no {}, which is in {}{}", c.shown(), c.metric, c.stated_as,
                                   name(called), derived.empty() ? "" : ": " + derived),
                       derived});
    }
  }
}

}  // namespace bitproof::audit::rules
