// One figure for two different quantities: a time of the baseline as a part of something else, one range of tokens a
// second for two different gains.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

constexpr int kDigits = 3;  // fewer are equal by chance

int digits(const std::string& printed) {
  std::string d;
  std::copy_if(printed.begin(), printed.end(), std::back_inserter(d), [](char c) { return c >= '0' && c <= '9'; });
  d.erase(0, d.find_first_not_of('0'));
  d.erase(d.find_last_not_of('0') + 1);
  return static_cast<int>(d.size());
}

bool a_quantity(const Claim& c) {
  if (!c.value || c.basis == "target") return false;
  const bool of_interest =
      c.metric == "time" || c.metric == "token_time" || c.metric == "layer_time" || c.metric == "throughput";
  return of_interest && (c.value->single() ? digits(c.printed) >= kDigits : c.value->low > 0);
}

// What it is computed by accounts for it.
bool explained(const Report& report, const Claim& c) {
  std::vector<std::string> all = c.implied;
  if (!c.expression.empty()) all.push_back(c.expression);
  return !all.empty() && std::all_of(all.begin(), all.end(), [&](const std::string& e) {
    return match_units(c, evaluate(report, e).range, rounding_slack(report, e)).match != Match::differs;
  });
}

}  // namespace

void reused(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& b : report.claims) {
      if (!a_quantity(b) || explained(report, b)) continue;
      for (const Claim& a : report.claims) {
        if (&a == &b) break;  // each pair once, at the later claim
        if (!a_quantity(a) || a.value->low != b.value->low || a.value->high != b.value->high ||
            a.unit.scale != b.unit.scale)
          continue;
        if (a.of == b.of && a.metric == b.metric) continue;
        if (a.value->single() && a.metric == b.metric && a.basis == b.basis)
          continue;  // two results that happen to agree
        found.push_back({"", &b, Verdict::unsupported,
                         fmt::format("the figure of line {} ({}) again, for another quantity ({})", a.line, a.of, b.of),
                         fmt::format("line {}: \"{}\"", a.line, a.quote)});
      }
    }
  }
}

}  // namespace bitproof::audit::rules
