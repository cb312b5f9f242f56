// Tokens per second of every recipe: the distribution of its samples, and the ceiling it is held against.
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

std::string source_of(const Json& arm, const char* key) { return words(look(arm, {"provenance"}), key, "measured"); }

void put_rate(Json& row, const char* key, const Json& estimate) {
  row[key] = look(estimate, {"median"});
  row[std::string(key) + "_low"] = look(estimate, {"ci_low"});
  row[std::string(key) + "_high"] = look(estimate, {"ci_high"});
}

Figure rates(const Json& run, const std::string& id) {
  const auto arms = measured_arms(run);
  const Json first = arms.empty() ? Json::object() : *arms[0];
  Figure f{
      .id = id,
      .title = "Tokens per second, every sample",
      .caption =
          "Every row is the full token loop: embedding, all layers, norms, attention, head, sampling. A dot is "
          "one timed "
          "sample, a triangle where other work had the CPUs; the bar is the median. Arms were measured in turn, in an "
          "order "
          "shuffled each round."};
  Dataset table{"arms",
                "Recipes in the token loop: median [95 % interval; for fewer than 6 samples, their range]",
                {{"recipe", "recipe"},
                 {"threads", "threads", Form::number, kSetting},
                 {"rate", "tok/s", Form::interval, source_of(first, "tok_per_s")},
                 {"state", "placement", Form::text, "measured: core-to-core latency beside every sample"},
                 {"gb", "GB a token", Form::number, source_of(first, "bytes_per_token")},
                 {"gb_per_s", "GB/s", Form::number, source_of(first, "gb_per_s")},
                 {"fraction", "of the read ceiling", Form::percent, source_of(first, "fraction_of_ceiling")},
                 {"residual", "residual", Form::percent, source_of(first, "residual_ns")},
                 {"positions", "positions a token", Form::number, "measured: counted in the loop"},
                 {"ledger", "ledger", Form::mark,
                  "derived: operations and bytes booked call by call against the model's formula"}}};
  Dataset samples{"samples",
                  "Samples",
                  {{"recipe", "recipe"},
                   {"sample", "sample", Form::number, kCounted},
                   {"tok_per_s", "tok/s", Form::number, "measured"},
                   {"placement", "placement"},
                   {"load", "other work"}}};
  for (const Json& a : look(run, {"arms"})) {
    const std::string recipe = words(a, "recipe");
    Json row{{"recipe", recipe}, {"threads", look(a, {"threads"})}};
    if (!look(a, {"tok_per_s"}).is_object()) {
      row["rate"] = nullptr;
      row["rate_why"] = words(a, "tok_per_s_why", "not measured");
      table.rows.push_back(std::move(row));
      continue;
    }
    put_rate(row, "rate", a.at("tok_per_s"));
    row["state"] = words(a, "state");
    row["gb"] = a.at("bytes_per_token").get<double>() * 1e-9;
    row["gb_per_s"] = look(a, {"gb_per_s"});
    row["fraction"] = look(a, {"fraction_of_ceiling"});
    if (a.contains("fraction_of_ceiling_why")) row["fraction_why"] = words(a, "fraction_of_ceiling_why", "");
    row["residual"] = look(a, {"residual_fraction"});
    if (a.contains("positions")) row["positions"] = a.at("positions").get<double>() / a.at("tokens").get<double>();
    row["ledger"] = a.at("ledger_ok").get<bool>() ? "ok" : "BROKEN: " + words(a, "ledger_why", "");
    table.rows.push_back(std::move(row));
    int n = 0;
    for (const Json& s : a.at("samples")) {
      samples.rows.push_back(
          {{"recipe", recipe},
           {"sample", ++n},
           {"tok_per_s",
            s.at("wall_ns").get<double>() > 0 ? s.at("tokens").get<double>() / s.at("wall_ns").get<double>() * 1e9 : 0},
           {"placement", words(s, "state")},
           {"load", s.value("disturbed", false) ? "other work on the CPUs" : "none seen"}});
    }
  }
  if (!samples.rows.empty()) f.chart = "tokens";
  samples.folded = true;
  f.data = {without_empty_columns(table), samples};
  return f;
}

}  // namespace

std::string tokens_section(const Json& run, const std::string& id) {
  if (look(run, {"arms"}).empty()) return paragraph("No recipe was measured in the token loop.");
  return markup(rates(run, id));
}

}  // namespace bitproof::html
