// The credit of the lattice: a waterfall of Shapley shares that multiply to the total, and interactions of pairs.
#include <algorithm>
#include <functional>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

struct Share {
  std::string technique;
  double ratio;
  Json low, high;
};

std::vector<Share> shapley_shares(const Json& run) {
  std::vector<Share> shares;
  for (const Json& t : look(run, {"attribution", "techniques"})) {
    const Json& ratio = look(t, {"shapley"});
    if (ratio.is_number() && ratio.get<double>() > 0) {
      shares.push_back({words(t, "name"), ratio.get<double>(), look(t, {"ci_low"}), look(t, {"ci_high"})});
    }
  }
  std::ranges::sort(shares, std::greater{}, &Share::ratio);
  return shares;
}

Figure waterfall(const std::vector<Share>& shares) {
  Figure f{.id = "waterfall",
           .title = "How the total is made up",
           .caption =
               "Shapley shares multiply to the total, whatever the order in which techniques are switched on. Each bar "
               "begins "
               "where the one above it ended (log scale); the thin line is the interval of its own share.",
           .chart = "waterfall"};
  Dataset steps{
      "steps",
      "Shapley shares",
      {{"technique", "technique"},
       {"share", "share", Form::interval, "derived: Shapley, in logarithms, over the measured lattice of recipes"},
       {"from", "from", Form::number, "derived: product of the shares above it; of the total 1"},
       {"to", "to", Form::number, "derived: from times share"},
       {"reach", "its end, by its interval", Form::interval, "derived: from times the interval of its share"}}};
  double at = 1;
  for (const Share& s : shares) {
    Json row{{"technique", s.technique}, {"share", s.ratio}, {"share_low", s.low},
             {"share_high", s.high},     {"from", at},       {"to", at * s.ratio},
             {"reach", at * s.ratio}};
    if (s.low.is_number() && s.high.is_number()) {
      row["reach_low"] = at * s.low.get<double>();
      row["reach_high"] = at * s.high.get<double>();
    }
    steps.rows.push_back(std::move(row));
    at *= s.ratio;
  }
  steps.rows.push_back({{"technique", "all"}, {"share", at}, {"from", 1.0}, {"to", at}, {"reach", at}});
  f.data = {steps};
  return f;
}

// "low" and "high" of an estimate beside its value.
void put_estimate(Json& row, const std::string& key, const Json& estimate) {
  row[key] = estimate.is_number() ? estimate : look(estimate, {"ratio"});
  row[key + "_low"] = look(estimate, {"ci_low"});
  row[key + "_high"] = look(estimate, {"ci_high"});
}

Dataset pairs(const Json& run) {
  Dataset d{"pairs",
            "Interactions of pairs",
            {{"a", "technique"},
             {"b", "with"},
             {"without", "its share without the other", Form::interval,
              "measured: Shapley value in that half of the lattice"},
             {"with", "with the other", Form::interval, "measured: Shapley value in that half of the lattice"},
             {"interaction", "interaction", Form::interval, "derived: with over without; 1: independent"}}};
  for (const Json& i : look(run, {"attribution", "interactions"})) {
    Json row{{"a", words(i, "a")}, {"b", words(i, "b")}};
    put_estimate(row, "without", look(i, {"a_without_b"}));
    put_estimate(row, "with", look(i, {"a_with_b"}));
    put_estimate(row, "interaction", look(i, {"interaction"}));
    if (row["interaction"].is_number()) d.rows.push_back(std::move(row));
  }
  return d;
}

}  // namespace

std::string attribution_section(const Json& run) {
  if (!run.contains("attribution")) return paragraph("No recipe was measured in the token loop.");
  const Json& a = run.at("attribution");
  std::string out;
  const std::vector<Share> shares = shapley_shares(run);
  if (shares.empty()) {
    std::string why = "not measured";
    if (!a.at("techniques").empty()) why = words(a.at("techniques").at(0), "shapley_why", why);
    out += paragraph(fmt::format("No waterfall: {} ({} of {} recipes measured).", why, words(a, "cells_measured"),
                                 words(a, "cells_total")));
  } else {
    out += markup(waterfall(shares));
  }
  const Dataset d = pairs(run);
  if (d.rows.empty())
    return out + paragraph("No interactions: " + words(a, "interactions_why", "this run measured none") + ".");
  return out + markup(Figure{.id = "interactions",
                             .title = "Which techniques help or hinder each other",
                             .caption = "How many times as much a technique earns with the other on as with it off: "
                                        "above 1 the two help each other, "
                                        "below 1 they do the same work twice.",
                             .chart = "interactions",
                             .data = {d}});
}

}  // namespace bitproof::html
