// Base against head: the verdicts, and the interval of every case.
#include <map>

#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Figure ratios(const Json& comparison) {
  const double effect = look(comparison, {"rules", "smallest_effect"}).get<double>();
  Figure f{.id = "ratios",
           .title = "Time of B over time of A",
           .caption =
               "Right of 1, B is slower. The shaded band is the smallest effect that matters; a verdict needs an "
               "interval that "
               "leaves no doubt about the side.",
           .chart = "ratios"};
  Dataset cases{"cases",
                "Cases",
                {{"id", "case"},
                 {"verdict", "verdict", Form::mark, "derived: by the rules below from the interval and its control"},
                 {"ratio", "B / A", Form::interval, words(look(comparison, {"provenance"}), "ratio", "derived")},
                 {"a_us", "A, µs", Form::number, "measured: median of usable samples"},
                 {"b_us", "B, µs", Form::number, "measured: median of usable samples"},
                 {"state", "placement"},
                 {"control", "A / A", Form::interval, "measured: a second A beside the first"},
                 {"why", "why not clearer"}}};
  for (const Json& c : comparison.at("cases")) {
    const Json& failure = look(c, {"failure"});
    Json row{{"id", words(c, "id")},
             {"verdict", failure.is_string() ? "FAILED" : words(c, "verdict")},
             {"state", words(c, "state", "")}};
    row["why"] = failure.is_string() ? failure.get<std::string>() : words(c, "why", "");
    for (const char* part : {"", "_low", "_high"}) {
      const std::string from = *part ? std::string("ci") + part : "ratio";
      row[std::string("ratio") + part] = look(c, {from.c_str()});
      row[std::string("control") + part] = look(c, {"control", from.c_str()});
    }
    if (row["control"].is_null()) row["control_why"] = words(c, "control_why", "no control");
    for (const auto& [to, from] : {std::pair{"a_us", "median_a_ns"}, std::pair{"b_us", "median_b_ns"}}) {
      row[to] = look(c, {from}).is_number() ? Json(c.at(from).get<double>() * 1e-3) : Json();
    }
    cases.rows.push_back(std::move(row));
  }
  Dataset band{"band",
               "Band of what makes no difference",
               {{"low", "from", Form::number, kSetting}, {"high", "to", Form::number, kSetting}}};
  band.rows.push_back({{"low", 1 / (1 + effect)}, {"high", 1 + effect}});
  f.data = {cases, band};
  return f;
}

std::string header_of(const Json& comparison) {
  std::map<std::string, int> verdicts;
  for (const Json& c : comparison.at("cases"))
    ++verdicts[look(c, {"failure"}).is_string() ? "FAILED" : words(c, "verdict")];
  const bool bad = verdicts.contains("SLOWER") || verdicts.contains("FAILED");
  std::string counts;
  for (const char* v : {"FAILED", "SLOWER", "FASTER", "SAME", "AMBIGUOUS"}) {
    if (verdicts.contains(v)) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", verdicts.at(v), v);
  }
  std::string a = "A", b = "B";
  if (!comparison.at("cases").empty()) {
    a = words(comparison.at("cases").at(0), "a", a);
    b = words(comparison.at("cases").at(0), "b", b);
  }
  std::string out = "<h1>bitproof compare: " + escape(words(comparison, "kind", "two subjects")) + "</h1>\n";
  out += "<p class=\"origin\">A is <code>" + escape(a) + "</code>, B is <code>" + escape(b) + "</code></p>\n";
  out += fmt::format("<p class=\"banner {}\">{}{}</p>\n",
                     bad                              ? "bad"
                     : verdicts.contains("AMBIGUOUS") ? "open"
                                                      : "good",
                     escape(counts.empty() ? "Nothing was compared" : counts),
                     comparison.value("partial", false) ? ". Partial: interrupted." : "");
  if (comparison.contains("warning"))
    out += paragraph("Weaker than side by side: " + words(comparison, "warning") + ".");
  return out;
}

std::vector<std::string> rules_of(const Json& comparison) {
  const Json& rules = look(comparison, {"rules"});
  std::vector<std::string> lines = {
      fmt::format("Changes within {} % make no difference to anybody.",
                  number(100 * rules.at("smallest_effect").get<double>())),
      fmt::format("Intervals are {} % over all comparisons together, corrected for {} of them ({}).",
                  number(100 * rules.at("confidence").get<double>()), words(rules, "comparisons"),
                  words(rules, "correction"))};
  const Json& alarms = look(comparison, {"aa_false_alarms"});
  lines.push_back(alarms.is_number()
                      ? fmt::format("A/A controls called FASTER or SLOWER: {}.", number(alarms.get<double>()))
                      : "No A/A control: " + words(comparison, "aa_false_alarms_why", "none was run") + ".");
  for (const Json& f : look(comparison, {"failures"})) lines.push_back("FAILED: " + f.get<std::string>());
  return lines;
}

}  // namespace

std::string comparison_page(const Json& comparison, const std::string& library) {
  try {
    return document({"bitproof compare",
                     header_of(comparison),
                     {{"cases", "Case by case", markup(ratios(comparison))},
                      {"rules", "How a verdict is made", list(rules_of(comparison))}}},
                    library);
  } catch (const Json::exception& e) {
    throw BadInput("not what `bitproof compare --json` prints: {}", e.what());
  }
}

}  // namespace bitproof::html
