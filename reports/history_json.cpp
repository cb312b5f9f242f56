#include "reports/history_json.hpp"

namespace bitproof {

Json to_json(const HistorySeries& s) {
  Json points = Json::array(), changes = Json::array();
  for (const HistoryPoint& p : s.points) {
    Json j{{"started", p.started}, {"git_revision", p.revision}, {"partial", p.partial}, {"n", p.n}};
    put(j, "median_ns", p.ns ? std::optional(p.ns->median) : std::nullopt, p.why);
    put(j, "ci_low_ns", p.ns ? std::optional(p.ns->ci_low) : std::nullopt, p.why);
    put(j, "ci_high_ns", p.ns ? std::optional(p.ns->ci_high) : std::nullopt, p.why);
    points.push_back(std::move(j));
  }
  for (const ChangePoint& c : s.changes()) {
    changes.push_back({{"point", c.first},
                       {"started", s.points[c.first].started},
                       {"git_revision", s.points[c.first].revision},
                       {"before_ns", c.before_ns},
                       {"after_ns", c.after_ns},
                       {"ratio", c.ratio()},
                       {"p", c.p}});
  }
  return {{"fingerprint", s.fingerprint},
          {"machine", s.machine},
          {"state", s.state},
          {"points", points},
          {"changes", changes},
          {"provenance",
           {{"points", "measured: medians of the runs"},
            {"changes", "derived: E-divisive on log medians, 999 permutations, level 0.01"}}}};
}

Json to_json(const History& history, const std::vector<std::string>& case_names) {
  Json cases = Json::array();
  for (const std::string& name : case_names) {
    Json series = Json::array();
    for (const HistorySeries& s : history.series(name)) series.push_back(to_json(s));
    cases.push_back({{"name", name}, {"series", series}});
  }
  return {{"runs", history.runs()}, {"cases", cases}};
}

}  // namespace bitproof
