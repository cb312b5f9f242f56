#include <fmt/format.h>

#include <charconv>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "measure_ceilings.hpp"
#include "reports/attribution_json.hpp"
#include "terminal.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

// "90s", "5m", "1h"
double parse_budget_s(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const double scale = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (error != std::errc{} || scale == 0 || value <= 0) throw BadInput("--budget '{}': write 90s, 5m or 1h", text);
  return value * scale;
}

void print_table(const Json& j) {
  const auto ratio = [](const Json& t, const std::string& key) {
    if (!t.contains(key + "_detail")) return std::string("not measured");
    const Json& d = t[key + "_detail"];
    if (d["ci_low"].is_null()) return fmt::format("{:.2f}x", d["median"].get<double>());
    return fmt::format("{:.2f}x [{:.2f}, {:.2f}]", d["median"].get<double>(), d["ci_low"].get<double>(), d["ci_high"].get<double>());
  };
  fmt::print("{:<12} {:>16} {:>24} {:>24}  {}\n", "technique", "expected", "alone", "left out of all", "witness");
  for (const Json& t : j["techniques"]) {
    fmt::print("{:<12} {:>16} {:>24} {:>24}  {}{}\n", t["name"].get<std::string>(), t["expected"].get<std::string>(),
               ratio(t, "alone"), ratio(t, "without"), t["engaged"].get<bool>() ? "" : "NOT ENGAGED: ",
               t["evidence"].get<std::string>());
  }
  fmt::print("all over none: {}   ({} of {} recipes measured; Shapley shares need them all)\n", ratio(j, "total_speedup"),
             j["cells_measured"].get<int>(), j["cells_total"].get<int>());
}

}  // namespace

int attribute_command(const AttributeOptions& options) {
  const double budget_s = parse_budget_s(options.budget);
  if (options.rounds < 1) throw BadInput("--rounds {}: at least 1", options.rounds);
  const auto start = std::chrono::steady_clock::now();
  const int threads = choose_threads(options.threads, false);
  CeilingTable ceilings;
  measure_ceilings(ceilings, threads, 5);
  Clearance clearance;
  std::optional<Workbench> bench;
  {
    ProgressLine progress("checking variants, generating and packing weights");
    bench.emplace(WorkbenchOptions{.model = options.model, .seed = options.seed, .depth = options.depth, .tokens = 1},
                  attribution_arms(threads, true), clearance, [&](double fraction) { progress.update(fraction); });
  }
  int rounds = 0;
  {
    ProgressLine progress("14 recipes, interleaved");
    const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const Schedule schedule{.depth = options.depth, .rounds = options.rounds, .seed = options.seed, .budget_s = budget_s - spent};
    rounds = run_rounds(bench->arms(), bench->prompt(), bench->prefix(), schedule,
                        [&](const ArmProgress& p) {
                          progress.update(p.fraction, fmt::format("round {} of {}: {}", p.round, p.rounds, p.label));
                        },
                        {});
  }
  bool failed = false;
  Json arms = Json::array();
  for (const auto& arm : bench->arms()) {
    for (const LoopSample& s : arm->samples()) ceilings.states.add({s.ping_pong_ns, "", s.load});
  }
  for (const auto& arm : bench->arms()) {
    arms.push_back(to_json(*arm, ceilings, options.depth));
    failed |= arm->samples().empty() || !arms.back()["ledger_ok"].get<bool>();
  }
  const Attribution attribution = attribute(bench->arms());
  for (const TechniqueCredit& c : attribution.techniques) failed |= !c.engaged;
  Json j = to_json(attribution, options.depth);
  j["rounds"] = rounds;
  if (rounds < options.rounds) {
    j["rounds_why"] = fmt::format("{} of {} rounds fit the budget of {}", rounds, options.rounds, options.budget);
  }
  j["model"] = options.model;
  j["layers"] = bench->shape().layers;
  j["seed"] = options.seed;
  j["arms"] = arms;
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else {
    for (const Json& a : arms) {
      if (a["tok_per_s"].is_null()) continue;
      fmt::print("{:<22} {:>8.3f} tok/s  [{:.3f}, {:.3f}]  n = {}\n", a["recipe"].get<std::string>(),
                 a["tok_per_s"]["median"].get<double>(), a["tok_per_s"]["ci_low"].get<double>(),
                 a["tok_per_s"]["ci_high"].get<double>(), a["tok_per_s"]["n"].get<int>());
    }
    print_table(j);
    if (j.contains("rounds_why")) note(j["rounds_why"].get<std::string>());
  }
  if (interrupted()) return kInterrupted;
  return failed ? kFailed : kOk;
}

}  // namespace bitproof
