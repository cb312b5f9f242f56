// A figure over a range is a range: low over low, high over high. Printing its better end alone hides the other, and a
// range that is computed from one number has an end without a source.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {

void range_end(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value || c.wording == "up to" || c.wording == "at least") continue;
      const std::string& text = c.expression.empty() && !c.implied.empty() ? c.implied[0] : c.expression;
      if (text.empty()) continue;
      const Range r = evaluate(report, text).range;
      if (!is_one_end(*c.value, {r.low / c.unit.scale, r.high / c.unit.scale})) continue;
      found.push_back(
          {"", &c, Verdict::wrong,
           r.single()
               ? fmt::format("{} is computed as {}: its other end has no source", c.shown(), with_unit(r, c.unit_text))
               : fmt::format("{} is one end of a range: it should be {}", c.shown(), with_unit(r, c.unit_text)),
           fmt::format("{} = {}", text, with_unit(r, c.unit_text)), r});
    }
  }
}

}  // namespace bitproof::audit::rules
