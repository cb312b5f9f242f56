#include <fmt/format.h>


#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "gates.hpp"
#include "interrupt.hpp"
#include "reports/attribution_json.hpp"
#include "steps.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

std::string ratio_text(const Json& j, const std::string& key) {
  if (!j.contains(key + "_detail")) return "not measured";
  const Json& d = j[key + "_detail"];
  const std::string middle = fmt::format("{:.2f}x", d["geometric_mean"].get<double>());
  if (d["ci_low"].is_null()) return middle;
  return fmt::format("{} [{:.2f}, {:.2f}]", middle, d["ci_low"].get<double>(), d["ci_high"].get<double>());
}

void print_summary(const Json& j) {
  TextTable arms("<>><");
  arms.row({"recipe", "tok/s", "interval", "samples"});
  for (const Json& a : j["arms"]) {
    if (a["tok_per_s"].is_null()) {
      arms.row({a["recipe"], "-", "-", a["tok_per_s_why"]});
      continue;
    }
    const Json& rate = a["tok_per_s"];
    const auto number = [&](const char* key) { return fmt::format("{:.3f}", rate[key].get<double>()); };
    arms.row({a["recipe"], number("median"), fmt::format("[{}, {}]", number("ci_low"), number("ci_high")),
              rate["n"].dump()});
  }
  arms.print();
  fmt::print("\n");
  TextTable techniques("<>>><");
  techniques.row({"technique", "expected", "alone", "left out of all", "witness"});
  for (const Json& t : j["techniques"]) {
    techniques.row({t["name"], t["expected"], ratio_text(t, "alone"), ratio_text(t, "without"),
                    (t["engaged"].get<bool>() ? "" : "NOT ENGAGED: ") + t["evidence"].get<std::string>()});
  }
  techniques.print();
  fmt::print("all over none: {}   ({} of {} recipes measured; Shapley shares need them all)\n",
             ratio_text(j, "total_speedup"), j["cells_measured"].get<int>(), j["cells_total"].get<int>());
}

}  // namespace

int attribute_command(const AttributeOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  const double budget_s = parse_budget_s(options.budget);
  const int threads = choose_threads(options.threads, false);
  Clearance clearance;
  const auto bench = set_up({.model = options.model, .seed = options.seed, .depth = options.depth, .tokens = 1},
                            attribution_arms(threads, true), clearance);
  CeilingTable ceilings;
  measure_ceilings(ceilings, threads, 5);
  const double spent_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const int rounds = rounds_with_progress(
      *bench, {.depth = options.depth, .rounds = options.rounds, .seed = options.seed, .budget_s = budget_s - spent_s});
  add_states(ceilings, bench->arms());

  Json arms = Json::array();
  std::vector<std::string> failed;
  for (const auto& arm : bench->arms()) {
    arms.push_back(to_json(*arm, ceilings, options.depth));
    for (const std::string& fault : faults(*arm, ceilings, threads)) failed.push_back(fault);
    if (arm->samples().empty()) failed.push_back(arm->spec().label + ": not measured");
  }
  const LogitsAgreement logits = compare_logits(bench->arms());
  failed.insert(failed.end(), logits.faults.begin(), logits.faults.end());
  const Attribution attribution = attribute(bench->arms(), ceilings);
  for (const std::string& fault : faults(attribution)) failed.push_back(fault);
  Json j = to_json(attribution, options.depth);
  j["logits"] = to_json(logits);
  j["failures"] = failed;
  j["partial"] = interrupted();
  j["rounds"] = rounds;
  if (rounds < options.rounds) {
    j["rounds_why"] = interrupted()
                          ? "interrupted"
                          : fmt::format("{} of {} rounds fit the budget of {}", rounds, options.rounds, options.budget);
  }
  j["model"] = options.model;
  j["layers"] = bench->shape().layers;
  j["seed"] = options.seed;
  j["arms"] = arms;
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else {
    print_summary(j);
    if (j.contains("rounds_why")) note(j["rounds_why"].get<std::string>());
  }
  if (interrupted()) return kInterrupted;
  for (const std::string& fault : failed) note("FAILED: " + fault);
  return failed.empty() ? kOk : kFailed;
}

void add_attribute(CommandLine& line) {
  auto [sub, o] = line.add("attribute", "what each technique buys in tok/s", attribute_command);
  sub.option("--model", o.model, "7b or tiny");
  sub.option("--depth", o.depth, "positions before the timed token").positions();
  sub.option("--rounds", o.rounds, "interleaved rounds").at_least_one();
  sub.option("--budget", o.budget, "no round is begun past it: 90s, 5m, 1h");
  sub.option("--threads", o.threads, "of the threading technique (default: physical cores)").threads();
  sub.option("--seed", o.seed, "of weights, prompt and order");
  sub.json(o.json);
  sub.examples({"bitproof attribute --model tiny --rounds 2 --budget 2m"});
}

}  // namespace bitproof
