// Parts make their total: speedups multiply, times, bytes and shares add.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

Range total(const Report& report, const Claim& c, bool multiply) {
  Range r = multiply ? Range{1, 1} : Range{0, 0};
  for (const std::string& id : c.parts) {
    const Range part = report.find(id)->range();
    r = multiply ? Range{r.low * part.low, r.high * part.high} : Range{r.low + part.low, r.high + part.high};
  }
  return r;
}

double slack(const Report& report, const Claim& c, const Range& r, bool multiply) {
  double sum = 0;
  for (const std::string& id : c.parts) {
    const Claim& part = *report.find(id);
    const double half = 0.5 * (part.value->about ? part.value->coarse : part.value->step) * part.unit.scale;
    sum += !multiply ? half : part.range().low > 0 ? half / part.range().low * r.high : 0;
  }
  return sum;
}

std::string formula(const Report& report, const Claim& c, bool multiply) {
  std::string text;
  for (const std::string& id : c.parts)
    text += (text.empty() ? "" : multiply ? " * " : " + ") + report.find(id)->shown();
  return text;
}

}  // namespace

void parts(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (c.parts.empty() || !c.value) continue;
      const bool multiply = c.metric == "speedup";
      const Range r = total(report, c, multiply);
      const MatchedUnits m = match_units(c, r, slack(report, c, r, multiply));
      const std::string arithmetic = fmt::format("{} = {}", formula(report, c, multiply), with_unit(r, c.unit_text));
      if (m.match == Match::last_digit) {
        found.push_back({"", &c, Verdict::holds,
                         fmt::format("the parts make {}, not {}", with_unit(r, c.unit_text), c.shown()), arithmetic});
      }
      if (m.match != Match::differs) continue;
      const bool summed = multiply && match_units(c, total(report, c, false)).match != Match::differs;
      found.push_back({"", &c, Verdict::wrong,
                       fmt::format("its parts make {}{}", with_unit(r, c.unit_text),
                                   summed ? ": they were added, and speedups multiply" : ""),
                       arithmetic, r});
    }
  }
}

}  // namespace bitproof::audit::rules
