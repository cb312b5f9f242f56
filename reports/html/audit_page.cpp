// Somebody's report, claim by claim: what it says, the verdict, and the arithmetic that it rests on.
#include <map>

#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Figure claims_figure(const Json& audit) {
  Dataset d{"claims",
            "Claims",
            {{"id", "claim", Form::code},
             {"quote", "quote", Form::text, "claimed: in the report's own words"},
             {"verdict", "verdict", Form::mark, "derived: by the arithmetic beside it"},
             {"text", "finding"},
             {"arithmetic", "arithmetic", Form::code}}};
  for (const Json& c : audit.at("claims")) {
    const Json& findings = look(c, {"findings"});
    Json row{{"id", words(c, "id")}, {"quote", words(c, "quote", "")}, {"verdict", words(c, "verdict")}};
    if (findings.empty()) d.rows.push_back(row);
    for (const Json& f : findings) {
      row["text"] = fmt::format("{}: {}", words(f, "rule"), words(f, "text", ""));
      row["arithmetic"] = look(f, {"arithmetic"});
      d.rows.push_back(row);
    }
  }
  return {.id = "claims-figure",
          .title = "Claim by claim",
          .caption = "One row a finding. HOLDS means that no rule found a contradiction, not that it was measured.",
          .data = {d}};
}

std::string header_of_audit(const Json& audit) {
  std::map<std::string, int> verdicts;
  for (const Json& c : audit.at("claims")) ++verdicts[words(c, "verdict")];
  std::string counts, titles;
  for (const auto& [verdict, n] : verdicts) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", n, verdict);
  for (const Json& r : look(audit, {"reports"})) titles += (titles.empty() ? "" : "; ") + words(r, "title");
  std::vector<std::string> answers;  // of what the report itself leads with
  for (const Json& c : audit.at("claims")) {
    if (c.value("headline", false) && c.contains("answer"))
      answers.push_back(
          fmt::format("{}: \u201C{}\u201D: {}", words(c, "verdict"), words(c, "quote"), words(c, "answer")));
  }
  const bool good = verdicts.size() == 1 && verdicts.contains("HOLDS");
  return "<h1>bitproof audit</h1>\n<p class=\"origin\">" + escape(titles) + "</p>\n" +
         fmt::format("<p class=\"banner {}\">{} claims: {}</p>\n", good ? "good" : "bad", audit.at("claims").size(),
                     escape(counts)) +
         (answers.empty() ? "" : "<div class=\"side open\"><h2>What it leads with</h2>\n" + list(answers) + "</div>\n");
}

}  // namespace

std::string audit_page(const Json& audit, const std::string& library) {
  try {
    return document(
        {"bitproof audit", header_of_audit(audit), {{"claims", "The claims", markup(claims_figure(audit))}}}, library);
  } catch (const Json::exception& e) {
    throw BadInput("not what `bitproof audit --json` prints: {}", e.what());
  }
}

}  // namespace bitproof::html
