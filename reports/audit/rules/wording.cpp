// 227 % of a target exceeds it by 127 %. "3x faster" for 3 times as fast is common, and only noted.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {

void wording(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value) continue;
      const Range r = c.range();
      if (c.wording == "faster" || c.wording == "slower") {
        found.push_back({"", &c, Verdict::holds,
                         fmt::format("read as {} times: by the letter {} \"{}\" is {} times", short_number(r.high),
                                     c.shown(), c.wording, short_number(r.high + 1)),
                         fmt::format("{} + 1 = {}", short_number(r.high), short_number(r.high + 1))});
      }
      if (c.wording != "by") continue;
      const std::string& text = c.expression;
      if (text.empty()) continue;
      const Range of = evaluate(report, text).range;
      const Range by{of.low - 1, of.high - 1};
      found.push_back({"", &c, Verdict::wrong,
                       fmt::format("{} is what it is of the target, not what it exceeds it by: that is {}", c.shown(),
                                   with_unit(by, c.unit_text)),
                       fmt::format("{} - 1 = {}", text, with_unit(by, c.unit_text)), by});
    }
  }
}

}  // namespace bitproof::audit::rules
