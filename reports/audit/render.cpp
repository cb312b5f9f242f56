#include "reports/audit/render.hpp"

#include <algorithm>

#include "error.hpp"
#include "reports/markdown.hpp"

namespace bitproof::audit {
namespace {

constexpr Verdict kWorstFirst[] = {Verdict::impossible, Verdict::wrong, Verdict::contradicted, Verdict::unsupported,
                                   Verdict::holds};

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

// Of its findings the one that names the cause: not that a sum differs, but what was left out of it.
const Finding& cause(const ClaimVerdict& v) {
  const auto names_it = [](const Finding& f) { return f.should_be && f.rule != "expression" && f.rule != "follows"; };
  const auto found = std::find_if(v.findings.begin(), v.findings.end(), names_it);
  return found == v.findings.end() ? v.findings[0] : *found;
}

// What it should have said, and why.
std::string answer(const ClaimVerdict& v) {
  const Finding& f = cause(v);
  if (!v.should_be) return f.text;
  return fmt::format("should be {}{}", with_unit(*v.should_be, v.claim->unit_text),
                     f.rule == "follows" || f.rule == "expression" ? "" : ": " + f.text);
}

std::string label(const Claim& c) { return c.value ? c.shown() : "\"" + c.quote + "\""; }

}  // namespace

std::string summary(const Docket& docket, const std::vector<ClaimVerdict>& verdicts) {
  std::string out;
  for (const Report& report : docket.reports) {
    const auto own = of_report(report, verdicts);
    out += fmt::format("{}: {}\n", report.name, tally(own));
    for (const ClaimVerdict* v : own) {
      if (!v->claim->headline || v->verdict == Verdict::holds) continue;
      out += one_line(fmt::format("  {:<12} {}: {}", name(v->verdict), label(*v->claim), answer(*v))) + "\n";
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
    Json j{{"id", v.claim->key()},
           {"verdict", name(v.verdict)},
           {"line", v.claim->line},
           {"quote", v.claim->quote},
           {"claimed", v.claim->shown()}};
    if (v.should_be) j["should_be"] = with_unit(*v.should_be, v.claim->unit_text);
    j["headline"] = v.claim->headline;
    if (v.verdict != Verdict::holds) j["answer"] = answer(v);
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
      out += fmt::format("| {} | {} | {} | {} |\n", v->claim->line, escape_markdown(label(*v->claim)), name(v->verdict),
                         escape_markdown(answer(*v)));
    }
    out += "\n";
  }
  return out;
}

}  // namespace bitproof::audit
