// What each technique earned: measured over none and against all but it, beside what was expected and what Amdahl
// allows.
#include <charconv>
#include <cmath>

#include "reports/earnings.hpp"
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

// "4-8" and "83.26 (claimed)" as numbers; none in anything else.
std::vector<double> range_of(const std::string& text) {
  std::vector<double> ends;
  for (const char *at = text.data(), *end = at + text.size(); at < end && ends.size() < 2;) {
    double value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    if (error == std::errc{} && next != at) {
      ends.push_back(std::abs(value));
      at = next;
      if (at < end && *at == '-') ++at;
    } else {
      break;
    }
  }
  if (ends.size() == 1) ends.push_back(ends[0]);
  return ends;
}

void put_measured(Json& row, const Json& technique, const char* key) {
  const Json& detail = look(technique, {(std::string(key) + "_detail").c_str()});
  if (!detail.is_object()) {
    row[key] = nullptr;
    row[std::string(key) + "_why"] = words(technique, (std::string(key) + "_why").c_str(), "not measured");
    return;
  }
  row[key] = detail.at("geometric_mean");
  row[std::string(key) + "_low"] = look(detail, {"ci_low"});
  row[std::string(key) + "_high"] = look(detail, {"ci_high"});
}

Figure earned_figure(const Json& run) {
  Figure f{.id = "earned",
           .title = "Tokens per second with it over without it",
           .caption =
               "Alone: with it over with nothing. Left out: with everything over everything but it. Points are ratios "
               "of tokens "
               "per second, paired within rounds, with 95 % intervals; an interval that crosses 1 shows no effect."};
  Dataset table{
      "verdicts",
      "Verdict on each technique",
      {{"technique", "technique"},
       {"verdict", "verdict", Form::mark, "derived: from the interval of `alone`, its witness and Amdahl's bound"},
       {"alone", "alone", Form::interval, words(look(run, {"attribution", "provenance"}), "alone", "measured")},
       {"without", "left out", Form::interval, words(look(run, {"attribution", "provenance"}), "without", "measured")},
       {"most", "Amdahl allows", Form::number, words(look(run, {"attribution", "provenance"}), "most", "derived")},
       {"expected", "expected", Form::text, "claimed: by the reports whose claims this project tests"},
       {"realized", "realized", Form::text,
        words(look(run, {"attribution", "provenance"}), "realization", "derived")}}};
  Dataset points{"points",
                 "Points of the chart",
                 {{"technique", "technique"},
                  {"measure", "measure"},
                  {"ratio", "ratio", Form::interval, "measured: paired within rounds"}}};
  for (const Json& t : run.at("attribution").at("techniques")) {
    Json row{{"technique", words(t, "name")}, {"verdict", credit_verdict(t)}, {"expected", words(t, "expected", "")}};
    put_measured(row, t, "alone");
    put_measured(row, t, "without");
    row["most"] = look(t, {"most"});
    if (row["most"].is_null()) row["most_why"] = words(t, "most_why", "not bounded");
    const Json& realized = look(t, {"realization"});
    row["realized"] = realized.is_array() && row["verdict"] == "EARNED"
                          ? fmt::format("{} to {} %", number(100 * realized.at(0).get<double>()),
                                        number(100 * realized.at(1).get<double>()))
                          : "n/a";
    for (const auto& [key, label] : {std::pair{"alone", "alone"}, std::pair{"without", "left out"}}) {
      if (!row[key].is_number()) continue;
      points.rows.push_back({{"technique", row["technique"]},
                             {"measure", label},
                             {"ratio", row[key]},
                             {"ratio_low", row[std::string(key) + "_low"]},
                             {"ratio_high", row[std::string(key) + "_high"]}});
    }
    table.rows.push_back(std::move(row));
  }
  if (!points.rows.empty()) f.chart = "earned";
  points.folded = true;
  f.data = {table, points};
  return f;
}

// What was predicted from the profile and micro-benchmarks, beside what came of it.
Dataset predictions(const Json& run) {
  const Json& source = look(run, {"attribution", "provenance"});
  Dataset d{"predictions",
            "Predicted and measured",
            {{"technique", "technique"},
             {"predicted", "predicted", Form::number, words(source, "predicted", "derived")},
             {"at_ledger", "by its bytes", Form::number, words(source, "predicted_at_ledger", "derived")},
             {"alone", "measured alone", Form::interval, words(source, "alone", "measured")},
             {"gap", "why they differ"}}};
  for (const Json& t : run.at("attribution").at("techniques")) {
    if (!look(t, {"predicted"}).is_number()) continue;
    Json row{{"technique", words(t, "name")},
             {"predicted", look(t, {"predicted"})},
             {"at_ledger", look(t, {"predicted_at_ledger"})},
             {"gap", words(t, "gap", words(t, "gap_why", ""))}};
    put_measured(row, t, "alone");
    d.rows.push_back(std::move(row));
  }
  return d;
}

std::string no_prediction(const Json& run) {
  const Json& techniques = run.at("attribution").at("techniques");
  return techniques.empty() ? "no technique" : words(techniques.at(0), "predicted_why", "this run made none");
}

Figure expected_figure(const Json& run) {
  Figure f{.id = "expected",
           .title = "Expected, predicted, measured",
           .caption =
               "For each technique: the range that others expect or claim, what microbenchmarks predict, the most that "
               "Amdahl's law allows for its measured share of the time, and what was measured."};
  Dataset ranges{"ranges",
                 "Expected, predicted and measured ratios",
                 {{"technique", "technique"},
                  {"kind", "kind"},
                  {"ratio", "ratio", Form::interval, "as the column `source` says"},
                  {"source", "source"}}};
  const auto add = [&](const Json& technique, const char* kind, const Json& value, const Json& low, const Json& high,
                       const char* source) {
    if (!value.is_number() || value.get<double>() <= 0) return;
    ranges.rows.push_back({{"technique", words(technique, "name")},
                           {"kind", kind},
                           {"ratio", value},
                           {"ratio_low", low},
                           {"ratio_high", high},
                           {"source", source}});
  };
  for (const Json& t : run.at("attribution").at("techniques")) {
    const std::vector<double> claim = range_of(words(t, "expected", ""));
    if (claim.size() == 2) add(t, "expected", std::sqrt(claim[0] * claim[1]), claim[0], claim[1], "claimed");
    add(t, "predicted", look(t, {"predicted"}), nullptr, nullptr, "modelled");
    add(t, "Amdahl's bound", look(t, {"most"}), nullptr, nullptr, "derived");
    const Json& alone = look(t, {"alone_detail"});
    if (alone.is_object())
      add(t, "measured alone", alone.at("geometric_mean"), look(alone, {"ci_low"}), look(alone, {"ci_high"}),
          "measured");
  }
  if (!ranges.rows.empty()) f.chart = "expected";
  ranges.folded = true;
  f.data = {ranges};
  const Dataset predicted = predictions(run);
  if (predicted.rows.empty()) {
    f.caption += " No prediction: " + no_prediction(run) + ".";
  } else {
    f.data.push_back(predicted);
  }
  return f;
}

std::string shown(const Json& value) { return value.is_number() ? number(value.get<double>()) : "?"; }

}  // namespace

std::string techniques_section(const Json& run) {
  if (!run.contains("attribution"))
    return paragraph("No recipe was measured in the token loop, so no technique has earned or lost anything.");
  std::string out = markup(earned_figure(run));
  const Json& again = look(run, {"attribution", "all_over_all_again_detail"});
  if (again.is_object()) {
    out += paragraph(fmt::format("All over all once more, the A/A pair (measured): {}x [{}, {}]: {}.",
                                 number(again.at("geometric_mean").get<double>()), shown(look(again, {"ci_low"})),
                                 shown(look(again, {"ci_high"})), words(again, "effect")));
  }
  if (look(run, {"logits"}).is_object()) out += paragraph(logits_sentence(run));
  return out + markup(expected_figure(run));
}

}  // namespace bitproof::html
