// The answer: what can be believed of this run, and what cannot.
#include <algorithm>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"
#include "reports/limits.hpp"

namespace bitproof::html {
namespace {

std::string with_interval(const Json& estimate, const std::string& unit) {
  const Json& middle = estimate.contains("geometric_mean") ? estimate.at("geometric_mean") : estimate.at("median");
  const Json &low = look(estimate, {"ci_low"}), &high = look(estimate, {"ci_high"});
  std::string text = number(middle.get<double>()) + unit;
  if (low.is_number() && high.is_number())
    text += fmt::format(" [{}, {}]", number(low.get<double>()), number(high.get<double>()));
  return text;
}

struct Tile {
  std::string figure, label;
};

std::string tile(const Tile& t) {
  return fmt::format("<div class=\"tile\"><strong>{}</strong><span>{}</span></div>\n", escape(t.figure),
                     escape(t.label));
}

std::vector<Tile> tiles(const Json& run) {
  std::vector<Tile> all;
  const Json& total = look(run, {"attribution", "total_speedup_detail"});
  if (total.is_object()) all.push_back({with_interval(total, "x"), "all six techniques over none, tokens per second"});
  if (const Json* best = fastest_arm(run)) {
    std::string label = "fastest recipe, '" + words(*best, "recipe") + "'";
    if (best->contains("fraction_of_ceiling")) {
      const Json& share = look(*best, {"fraction_of_ceiling"});
      label += share.is_number() ? ": " + number(100 * share.get<double>()) + " % of what memory can deliver"
                                 : ": share of the read ceiling not known";
    }
    all.push_back({with_interval(best->at("tok_per_s"), " tok/s"), label});
  }
  if (const Json& check = look(run, {"check"}); check.is_object()) {
    all.push_back(
        {fmt::format("{} of {}", number(check.at("passed").get<double>()), number(check.at("cases").get<double>())),
         "checks against the oracles passed"});
  } else if (const Json& cells = look(run, {"attribution", "cells_total"}); cells.is_number()) {
    all.push_back(
        {words(run.at("attribution"), "cells_measured") + " of " + words(run.at("attribution"), "cells_total"),
         "recipes of the lattice measured, " + words(run.at("attribution"), "rounds") + " rounds"});
  }
  return all;
}

std::string banner(const Json& run) {
  const std::size_t failures = look(run, {"failures"}).size();
  const bool partial = run.value("partial", true);
  if (failures > 0) {
    return fmt::format(
        "<p class=\"banner bad\"><span aria-hidden=\"true\">\u2717</span> {} failure(s): no number of this run "
        "may be quoted before they are understood.</p>\n",
        failures);
  }
  if (partial) {
    return "<p class=\"banner open\"><span aria-hidden=\"true\">\u25CB</span> Partial: this run did not end. What was "
           "measured "
           "before is here; the rest is missing.</p>\n";
  }
  return "<p class=\"banner good\"><span aria-hidden=\"true\">\u2713</span> No check, ledger, witness or physics gate "
         "failed.</p>\n";
}

bool ledgers_hold(const std::vector<const Json*>& arms) {
  return std::ranges::all_of(arms, [](const Json* a) { return look(*a, {"ledger_ok"}) == true; });
}

// What the evidence of the run supports, where nothing in it failed.
std::vector<std::string> supported(const Json& run) {
  std::vector<std::string> items;
  for (const Earning& e : earnings(run)) {
    if (e.earned) items.push_back(e.sentence);
  }
  const Json& check = look(run, {"check"});
  if (check.is_object() && check.at("passed") == check.at("cases")) {
    items.push_back(fmt::format(
        "Every result comes from kernels that agree with the oracles: {} cases, none failed or was skipped.",
        number(check.at("cases").get<double>())));
  }
  const auto arms = measured_arms(run);
  if (!arms.empty() && ledgers_hold(arms)) {
    items.push_back(
        fmt::format("Tokens per second are of the full loop, {} layers, sampling included, at depth {}: no layer is "
                    "sold as a token.",
                    words(run.at("model"), "layers"), words(run, "depth")));
  }
  return items;
}

bool failed(const Json& run) { return !look(run, {"failures"}).empty(); }

// No number of a run that failed may be quoted, so it has nothing to believe.
std::vector<std::string> believed(const Json& run) { return failed(run) ? std::vector<std::string>{} : supported(run); }

std::vector<std::string> doubted(const Json& run) {
  std::vector<std::string> items;
  for (const Json& f : look(run, {"failures"})) items.push_back("FAILED: " + f.get<std::string>());
  if (failed(run)) {
    for (const std::string& item : supported(run)) items.push_back("Not before the failures are understood: " + item);
  }
  if (!ledgers_hold(measured_arms(run)))
    items.push_back("Tokens per second of recipes whose ledger is not the model's: what they timed is no whole token.");
  for (const Earning& e : earnings(run)) {
    if (!e.earned) items.push_back(e.sentence);
  }
  const Json& techniques = look(run, {"attribution", "techniques"});
  if (!techniques.empty()) {
    const auto lacks = [&](const char* key) {
      return std::ranges::all_of(techniques, [key](const Json& t) { return look(t, {key}).is_null(); });
    };
    if (lacks("without")) items.push_back("What each technique adds when all others are on was not measured here.");
    if (lacks("shapley")) {
      items.push_back(fmt::format("How the total divides among them was not measured: {} of {} recipes were.",
                                  words(run.at("attribution"), "cells_measured"),
                                  words(run.at("attribution"), "cells_total")));
    }
  }
  if (const Json& check = look(run, {"check"}); check.is_object() && check.at("skipped") != 0) {
    items.push_back(
        fmt::format("{} variant(s) cannot run on this machine: nothing is known of them.", words(check, "skipped")));
  }
  int weak = 0;
  for (const Json* a : measured_arms(run)) weak += words(*a, "state") == "mixed" || words(*a, "state") == "unknown";
  if (weak > 0)
    items.push_back(
        fmt::format("{} recipe(s) were measured while the placement of the cores changed or could not be read.", weak));
  items.push_back(about_text(run));
  return items;
}

}  // namespace

std::string heading_of(const Json& run) {
  const Json& machine = look(run, {"machine"});
  std::string title = "bitproof: suite " + words(run, "suite");
  if (run.contains("model")) title += ", model " + words(run.at("model"), "name");
  std::string out = "<h1>" + escape(title) + "</h1>\n";
  out += fmt::format(
      "<p class=\"origin\">{} &middot; {} cores &middot; {} &middot; revision {} &middot; started {}</p>\n",
      escape(words(machine, "cpu_model")), escape(words(machine, "physical_cores")), escape(words(machine, "compiler")),
      escape(words(machine, "git_revision")), escape(words(run, "started")));
  return out;
}

std::string verdict_of(const Json& run) {
  std::string out = banner(run) + "<div class=\"tiles\">\n";
  for (const Tile& t : tiles(run)) out += tile(t);
  out += "</div>\n<div class=\"sides\">\n<div class=\"side good\"><h2>What you can believe</h2>\n" +
         (failed(run) ? paragraph("Nothing, while something in it failed.") : list(believed(run))) + "</div>\n";
  out += "<div class=\"side open\"><h2>What you cannot</h2>\n" + list(doubted(run)) +
         "<p><a href=\"#limits\">All that this run does not show</a></p></div>\n</div>\n";
  return out;
}

}  // namespace bitproof::html
