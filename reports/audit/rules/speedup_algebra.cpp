// No effect is a factor of 1, not of 0; and a product is not divided by a number that nothing explains.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// Conversions of units and parts of a whole.
bool explains_itself(double divisor) {
  return divisor == 1 || divisor == 100 || divisor == 1000 || divisor == 60 || divisor == 8 || divisor == 1024;
}

}  // namespace

void speedup_algebra(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value) continue;
      if (c.metric == "speedup" && c.range().low <= 0) {
        found.push_back({"", &c, Verdict::wrong,
                         fmt::format("a factor of {} leaves no tokens at all; no effect is 1x", c.shown()),
                         fmt::format("{} tok/s x {} = 0 tok/s", "any", c.shown())});
      }
      if (c.expression.empty() || (c.metric != "speedup" && c.metric != "throughput")) continue;
      for (const double divisor : divisors(c.expression)) {
        if (explains_itself(divisor)) continue;
        found.push_back({"", &c, Verdict::unsupported,
                         fmt::format("divided by {}, which nothing explains", short_number(divisor)), c.expression});
      }
    }
  }
}

}  // namespace bitproof::audit::rules
