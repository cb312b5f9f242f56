// Why a recipe's number stands: witnesses, the physics gate, and its trial on the tiny model.
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Dataset witness_rows(const Json& run) {
  Dataset d{"witnesses",
            "Witnesses: what proves that a technique ran",
            {{"recipe", "recipe"},
             {"technique", "technique"},
             {"seen", "seen", Form::mark, "measured: counted or read from object code, never from a switch"},
             {"evidence", "evidence"}}};
  for (const Json* a : measured_arms(run)) {
    for (const auto& [technique, w] : look(*a, {"witnesses"}).items()) {
      const bool wanted = w.value("wanted", false), engaged = w.value("engaged", false);
      const char* seen = wanted == engaged ? (engaged ? "engaged" : "off, as wanted")
                         : wanted          ? "NOT ENGAGED"
                                           : "engaged, unwanted";
      d.rows.push_back({{"recipe", words(*a, "recipe")},
                        {"technique", technique},
                        {"seen", seen},
                        {"evidence", words(w, "evidence", "")}});
    }
  }
  return d;
}

Dataset physics_rows(const Json& run) {
  Dataset d{"physics",
            "Physics: the least time that ledger and ceilings of this run allow",
            {{"recipe", "recipe"},
             {"op", "op"},
             {"verdict", "verdict", Form::mark},
             {"least_us", "least µs", Form::number, "derived: bytes and operations over the ceilings"},
             {"fraction", "of the time", Form::percent, "derived"},
             {"by", "bound by"}}};
  for (const Json* a : measured_arms(run)) {
    for (const auto& [op, j] : look(*a, {"physics"}).items()) {
      const Json& least = look(j, {"least_ns"});
      Json row{{"recipe", words(*a, "recipe")},
               {"op", op},
               {"verdict", words(j, "verdict", "not judged")},
               {"fraction", look(j, {"fraction"})},
               {"by", words(j, "bound_by", "")}};
      row["least_us"] = least.is_number() ? Json(least.get<double>() * 1e-3) : Json();
      if (least.is_null()) row["least_us_why"] = words(j, "least_ns_why", "not judged");
      d.rows.push_back(std::move(row));
    }
  }
  return d;
}

Dataset trial_rows(const Json& run) {
  Dataset d{"trials",
            "Trials: canaries in every slot, every layer against the reference",
            {{"recipe", "recipe"},
             {"verdict", "verdict", Form::mark},
             {"canaries", "canaries that sang", Form::text,
              "measured: a poisoned twin must change the logits, a delayed one must slow the token"},
             {"steps", "layer steps compared", Form::number, kCounted},
             {"ties", "rounding ties", Form::number, kCounted},
             {"kld", "largest KLD, nats", Form::number, "measured, on the tiny model"}}};
  for (const Json* a : measured_arms(run)) {
    const Json& t = look(*a, {"trial"});
    if (!t.is_object()) continue;
    std::size_t sang = 0;
    const Json& canaries = look(t, {"canaries"});
    for (const Json& c : canaries) sang += c.value("engaged", false);
    std::string verdict = words(t, "verdict");
    if (verdict == "PASS" || verdict == "pass") verdict = "passed";
    d.rows.push_back({{"recipe", words(*a, "recipe")},
                      {"verdict", verdict},
                      {"canaries", fmt::format("{} of {}", sang, canaries.size())},
                      {"steps", look(t, {"layers", "steps"})},
                      {"ties", look(t, {"layers", "ties"})},
                      {"kld", look(t, {"layers", "largest_kld"})}});
  }
  return d;
}

}  // namespace

std::string witnesses_section(const Json& run) {
  if (measured_arms(run).empty()) return paragraph("No recipe was measured in the token loop.");
  return markup(Figure{.id = "proof",
                       .title = "Why these numbers stand",
                       .caption = "\"Enabled\" is no evidence. A technique without a witness gets no credit.",
                       .data = {trial_rows(run), witness_rows(run), physics_rows(run)},
                       .folded = true});
}

}  // namespace bitproof::html
