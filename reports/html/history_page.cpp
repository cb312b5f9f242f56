// Trends: each case over runs, and where its level changed.
#include <algorithm>

#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Figure trend(const Json& series, const std::string& id, const std::string& title) {
  Figure f{
      .id = id,
      .title = title,
      .caption = fmt::format(
          "Machine and build {} ({}), placement: {}. A dashed line is where the level changed; machines, builds and "
          "placements are never mixed.",
          words(series, "fingerprint"), words(series, "machine"), words(series, "state")),
      .chart = "trend",
      .data = {},
      .folded = true};
  Dataset points{"points",
                 "Runs",
                 {{"run", "run", Form::number, kCounted},
                  {"started", "started"},
                  {"revision", "revision"},
                  {"us", "µs", Form::interval, "measured: median of the run"},
                  {"n", "samples", Form::number, kCounted},
                  {"change", "change of level", Form::text, "derived: E-divisive on log medians, 999 permutations"},
                  {"remark", ""}}};
  int at = 0;
  for (const Json& p : series.at("points")) {
    Json row{{"run", ++at},
             {"started", words(p, "started")},
             {"revision", words(p, "git_revision", "")},
             {"n", look(p, {"n"})},
             {"remark", p.value("partial", false) ? "partial run" : ""},
             {"change", ""}};
    for (const auto& [to, from] :
         {std::pair{"us", "median_ns"}, std::pair{"us_low", "ci_low_ns"}, std::pair{"us_high", "ci_high_ns"}}) {
      row[to] = look(p, {from}).is_number() ? Json(p.at(from).get<double>() * 1e-3) : Json();
    }
    if (row["us"].is_null()) row["us_why"] = words(p, "median_ns_why", "not measured");
    points.rows.push_back(std::move(row));
  }
  Dataset changes{"changes",
                  "Changes of level",
                  {{"run", "from run", Form::number, kCounted},
                   {"revision", "revision"},
                   {"before_us", "before, µs", Form::number, "derived: median of the medians of that stretch"},
                   {"after_us", "after, µs", Form::number, "derived: median of the medians of that stretch"},
                   {"ratio", "times", Form::number, "derived: E-divisive on log medians"},
                   {"p", "p", Form::number, "derived: of a permutation test, E-divisive"}}};
  for (const Json& c : look(series, {"changes"})) {
    changes.rows.push_back({{"run", c.at("point").get<int>() + 1},
                            {"revision", words(c, "git_revision", "")},
                            {"before_us", c.at("before_ns").get<double>() * 1e-3},
                            {"after_us", c.at("after_ns").get<double>() * 1e-3},
                            {"ratio", c.at("ratio")},
                            {"p", c.at("p")}});
  }
  for (const Json& c : look(series, {"changes"})) {
    Json& row = points.rows.at(c.at("point").get<std::size_t>());
    row["change"] = fmt::format("{:+.1f} % in time from here on", 100 * (c.at("ratio").get<double>() - 1));
  }
  f.data = {points};
  if (!changes.rows.empty()) f.data.push_back(changes);
  return f;
}

}  // namespace

std::string history_page(const Json& history, const std::string& library) {
  try {
    std::vector<Section> sections;
    std::vector<std::string> changed;
    int n = 0;
    for (const Json& c : history.at("cases")) {
      Section s{fmt::format("case-{}", ++n), words(c, "name"), ""};
      int k = 0;
      for (const Json& series : c.at("series")) {
        s.markup += markup(trend(series, fmt::format("trend-{}-{}", n, ++k), s.title));
        for (const Json& change : look(series, {"changes"})) {
          changed.push_back(fmt::format("{}: {:+.1f} % in time from run {} on (revision {}), placement {}", s.title,
                                        100 * (change.at("ratio").get<double>() - 1), change.at("point").get<int>() + 1,
                                        words(change, "git_revision"), words(series, "state")));
        }
      }
      sections.push_back(std::move(s));
    }
    std::string header = "<h1>bitproof history</h1>\n" + fmt::format("<p class=\"origin\">{} runs, {} cases</p>\n",
                                                                     escape(words(history, "runs")), sections.size());
    header += changed.empty()
                  ? "<p class=\"banner good\"><span aria-hidden=\"true\">\u2713</span> No change of level shown.</p>\n"
                  : fmt::format("<p class=\"banner open\">{} change(s) of level</p>\n", changed.size()) + list(changed);
    return document({"bitproof history", header, std::move(sections)}, library);
  } catch (const Json::exception& e) {
    throw BadInput("not what `bitproof history CASE --json` prints: {}", e.what());
  }
}

}  // namespace bitproof::html
