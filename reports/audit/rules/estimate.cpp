// What was estimated or projected is no evidence for what is called measured.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {

void estimate(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (c.basis != "measured") continue;
      for (const std::string& id : c.leans_on) {
        const Claim& ground = *report.find(id);
        if (ground.basis != "estimated" && ground.basis != "projected") continue;
        found.push_back(
            {"", &c, Verdict::unsupported,
             fmt::format("called actual or measured, and rests on line {}, which is {}", ground.line, ground.basis),
             fmt::format("line {}: \"{}\"", ground.line, ground.quote)});
      }
    }
  }
}

}  // namespace bitproof::audit::rules
