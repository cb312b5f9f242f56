#include "reports/audit/render.hpp"

#include <algorithm>
#include <array>

#include "error.hpp"
#include "reports/markdown.hpp"

namespace bitproof::audit {
namespace {

constexpr Verdict kWorstFirst[] = {Verdict::impossible, Verdict::wrong, Verdict::contradicted, Verdict::unsupported, Verdict::holds};

std::vector<const ClaimVerdict*> of_report(const Report& report, const std::vector<ClaimVerdict>& verdicts) {
  std::vector<const ClaimVerdict*> own;
  for (const ClaimVerdict& v : verdicts) {
    if (v.claim->report == report.name) own.push_back(&v);
  }
  return own;
}

std::ptrdiff_t count(const std::vector<const ClaimVerdict*>& verdicts, Verdict verdict) {
  return std::count_if(verdicts.begin(), verdicts.end(), [&](const ClaimVerdict* v) { return v->verdict == verdict; });
}

std::string tally(const std::vector<const ClaimVerdict*>& verdicts) {
  std::string text = fmt::format("{} of {} claims hold", count(verdicts, Verdict::holds), verdicts.size());
  for (const Verdict v : kWorstFirst) {
    if (v == Verdict::holds || count(verdicts, v) == 0) continue;
    text += fmt::format(", {} {}", count(verdicts, v), name(v));
  }
  return text;
}

// What it should have said, or else why it does not hold.
std::string answer(const ClaimVerdict& v) {
  if (v.should_be) return "should say " + with_unit(*v.should_be, v.claim->unit_text);
  return v.findings.empty() ? "" : v.findings[0].text;
}

// Of two findings that explain a correction, the one that names the cause.
const Finding& cause(const ClaimVerdict& v) { return v.findings[0]; }

}  // namespace

std::string summary(const Docket& docket, const std::vector<ClaimVerdict>& verdicts) {
  std::string out;
  for (const Report& report : docket.reports) {
    const auto own = of_report(report, verdicts);
    out += fmt::format("{}: {}\n", report.name, tally(own));
    for (const ClaimVerdict* v : own) {
      if (!v->claim->headline || v->verdict == Verdict::holds) continue;
      out += one_line(fmt::format("  {:<12} {}: {}", name(v->verdict), v->claim->shown(), answer(*v))) + "\n";
    }
  }
  return out;
}

std::string details(const Docket& docket, const std::vector<ClaimVerdict>& verdicts) {
  std::string out;
  for (const Report& report : docket.reports) {
    const auto own = of_report(report, verdicts);
    out += fmt::format("{}{}\n", out.empty() ? "" : "\n", one_line(report.title.empty() ? report.name : report.title));
    for (const Verdict level : kWorstFirst) {
      for (const ClaimVerdict* v : own) {
        if (v->verdict != level || v->findings.empty()) continue;
        out += one_line(fmt::format("  {} line {}: \"{}\"", name(level), v->claim->line, v->claim->quote)) + "\n";
        for (const Finding& f : v->findings) {
          out += one_line(fmt::format("    {} [{}] {}", severity(f.verdict), f.rule, f.text)) + "\n";
          if (!f.arithmetic.empty()) out += one_line("      " + f.arithmetic) + "\n";
        }
      }
    }
  }
  return out;
}

Json to_json(const Docket& docket, const std::vector<ClaimVerdict>& verdicts) {
  Json reports = Json::array(), claims = Json::array();
  for (const Report& report : docket.reports) {
    const auto own = of_report(report, verdicts);
    Json j{{"name", report.name}, {"title", report.title}, {"claims", own.size()}};
    for (const Verdict v : kWorstFirst) j[name(v)] = count(own, v);
    reports.push_back(std::move(j));
  }
  for (const ClaimVerdict& v : verdicts) {
    Json findings = Json::array();
    for (const Finding& f : v.findings) {
      findings.push_back({{"rule", f.rule},
                          {"severity", severity(f.verdict)},
                          {"text", f.text},
                          {"quote", v.claim->quote},
                          {"arithmetic", f.arithmetic}});
    }
    Json j{{"id", v.claim->key()},          {"verdict", name(v.verdict)}, {"line", v.claim->line},
           {"quote", v.claim->quote},       {"claimed", v.claim->shown()}};
    if (v.should_be) j["should_be"] = with_unit(*v.should_be, v.claim->unit_text);
    j["findings"] = findings;
    claims.push_back(std::move(j));
  }
  return {{"reports", reports},
          {"claims", claims},
          {"provenance", "claimed: the reports' figures; derived: every verdict, by the arithmetic beside it"}};
}

std::string markdown(const Docket& docket, const std::vector<ClaimVerdict>& verdicts) {
  std::string out;
  for (const Report& report : docket.reports) {
    const auto own = of_report(report, verdicts);
    out += fmt::format("`{}`: {}.\n\n| line | claimed | verdict | why |\n|--:|---|---|---|\n", report.name, tally(own));
    for (const ClaimVerdict* v : own) {
      if (!v->claim->headline || v->verdict == Verdict::holds) continue;
      const std::string correction = v->should_be ? answer(*v) + "; " : "";
      out += fmt::format("| {} | {} | {} | {}{} |\n", v->claim->line, escape_markdown(v->claim->shown()), name(v->verdict), escape_markdown(correction),
                         escape_markdown(cause(*v).text));
    }
    out += "\n";
  }
  return out;
}

}  // namespace bitproof::audit
