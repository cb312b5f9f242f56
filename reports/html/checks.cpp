// Correctness: variant by suite, and the line that replays each failure.
#include <set>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

// A cell that failed leads to its repro line.
std::string outcome(const std::string& variant, const Json& passed, const std::set<std::string>& failed,
                    const std::set<std::string>& skipped) {
  if (failed.contains(variant))
    return "<a class=\"mark bad\" href=\"#failures\"><span aria-hidden=\"true\">\u2717</span> FAILED</a>";
  if (skipped.contains(variant))
    return "<span class=\"mark open\"><span aria-hidden=\"true\">\u25CB</span> skipped</span>";
  if (!passed.is_number()) return "<span class=\"none\">\u2013</span>";
  return "<span class=\"mark good\"><span aria-hidden=\"true\">\u2713</span> " + number(passed.get<double>()) +
         "</span>";
}

std::set<std::string> ids_of(const Json& list) {
  std::set<std::string> ids;
  for (const Json& entry : list) ids.insert(words(entry, "id"));
  return ids;
}

// One row a variant, one column a suite where the run kept them apart, else one of all.
std::string matrix(const Json& check) {
  Json suites = look(check, {"suites"});
  if (!suites.is_array() || suites.empty()) {
    suites = Json::array({check});
    suites[0]["name"] = "all suites";
  }
  std::set<std::string> variants;
  std::string head = "<th scope=\"col\">variant</th>";
  for (const Json& s : suites) {
    head += "<th scope=\"col\">" + escape(words(s, "name")) + "</th>";
    for (const auto& [id, n] : look(s, {"passed_by_variant"}).items()) variants.insert(id);
    variants.merge(ids_of(look(s, {"failures"})));
    variants.merge(ids_of(look(s, {"skipped_variants"})));
  }
  std::string out =
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Correctness matrix\"><table><caption>Cases "
      "passed, by "
      "variant and suite</caption><thead><tr>" +
      head + "</tr></thead><tbody>\n";
  for (const std::string& v : variants) {
    out += "<tr><th scope=\"row\"><code>" + escape(v) + "</code></th>";
    for (const Json& s : suites) {
      out += "<td>" +
             outcome(v, look(s, {"passed_by_variant", v.c_str()}), ids_of(look(s, {"failures"})),
                     ids_of(look(s, {"skipped_variants"}))) +
             "</td>";
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

}  // namespace

std::string checks_section(const Json& run) {
  if (!run.contains("check")) return paragraph("Nothing was checked against the oracles.");
  const Json& c = run.at("check");
  std::string out = paragraph(
      fmt::format("{} cases: {} passed, {} failed, {} mistrusted, {} fallback; {} variants skipped on this machine.",
                  words(c, "cases"), words(c, "passed"), words(c, "failed"), words(c, "mistrusted"),
                  words(c, "fallback"), words(c, "skipped")));
  if (!look(c, {"failures"}).empty()) {
    Dataset failures{"failures",
                     "Failures",
                     {{"id", "variant", Form::code},
                      {"verdict", "verdict", Form::mark},
                      {"reason", "reason"},
                      {"repro", "replay it", Form::repro}},
                     c.at("failures")};
    out += markup(
        Figure{.id = "failures", .title = "Failures", .caption = "Each line replays one case.", .data = {failures}});
  }
  if (!look(c, {"skipped_variants"}).empty()) {
    Dataset skipped{"skipped", "Skipped", {{"id", "variant", Form::code}, {"reason", "why"}}, c.at("skipped_variants")};
    out += markup(Figure{.id = "skipped",
                         .title = "Skipped on this machine",
                         .caption = "Nothing is known of these here.",
                         .data = {skipped}});
  }
  return out + "<details><summary>Every variant</summary>\n" + matrix(c) + "</details>\n";
}

}  // namespace bitproof::html
