// What a figure is computed by, stated or implied by the report's other figures, is computed again.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

void recompute_claim(const Report& report, const Claim& c, const std::string& text, bool stated, Findings& found) {
  const Range r = evaluate(report, text).range;
  const MatchedUnits m = match_units(c, r, rounding_slack(report, text));
  const std::string arithmetic = fmt::format("{} = {}", text, with_unit(r, c.unit_text));
  if (m.binary) {
    found.push_back({"", &c, Verdict::holds, fmt::format("{} here is a power of 1024", c.unit_text), arithmetic});
  } else if (m.match == Match::last_digit) {
    found.push_back({"", &c, Verdict::holds, fmt::format("rounds to {}, not {}", with_unit(r, c.unit_text), c.shown()),
                     arithmetic});
  } else if (m.match == Match::differs) {
    const char* by = stated ? "by the arithmetic it states" : "by the report's own figures";
    found.push_back({"", &c, Verdict::wrong,
                     fmt::format("{} should be {}, {}", c.shown(), with_unit(r, c.unit_text), by), arithmetic, r});
  }
}

}  // namespace

void expression(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.expression.empty()) recompute_claim(report, c, c.expression, true, found);
      for (const std::string& implied : c.implied) recompute_claim(report, c, implied, false, found);
    }
  }
}

}  // namespace bitproof::audit::rules
