#include <fmt/format.h>

#include <filesystem>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "gates.hpp"
#include "interrupt.hpp"
#include "model_facts.hpp"
#include "open_model.hpp"
#include "recipe_cache.hpp"
#include "reports/attribution_json.hpp"
#include "reports/audit/run_claims.hpp"
#include "reports/bench_json.hpp"
#include "reports/earnings.hpp"
#include "reports/file.hpp"
#include "reports/html/html.hpp"
#include "reports/markdown.hpp"
#include "steps.hpp"
#include "suites.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

// What the three sizes of a run differ in. Their cases and benchmarks are in suites/<name>.toml.
struct Plan {
  const char* suite;
  std::string model;
  std::int64_t depth;
  int rounds;
  int ceiling_rounds;  // before the benchmarks; some more follow the loop
  bool left_out;       // also all-but-one recipes
  std::vector<std::string> suites;
};

Plan plan_for(const std::string& suite) {
  if (suite == "smoke") return {"smoke", "tiny", 8, 3, 3, false, {"smoke"}};
  if (suite == "quick") return {"quick", "7b", 8, 3, 5, false, {"quick"}};
  return {"full", "7b", 4, 4, 5, true, {"edges", "seed_shapes", "micro"}};
}

// A folder that is not there yet: no run replaces another, also when two begin within a second.
std::string new_folder(const std::string& path) {
  std::string fresh = path;
  for (int n = 2; std::filesystem::exists(fresh); ++n) fresh = fmt::format("{}-{}", path, n);
  make_folder(fresh);
  return fresh;
}

// A variant that cannot run here is skipped once, not once a suite.
void add(CheckSummary& all, const CheckSummary& one) {
  all.passed += one.passed;
  all.failed += one.failed;
  all.mistrusted += one.mistrusted;
  all.fallback += one.fallback;
  all.failures.insert(all.failures.end(), one.failures.begin(), one.failures.end());
  all.skipped_variants.insert(one.skipped_variants.begin(), one.skipped_variants.end());
  for (const auto& [id, n] : one.passed_by_variant) all.passed_by_variant[id] += n;
  all.skipped = static_cast<std::int64_t>(all.skipped_variants.size());
  all.cases = all.passed + all.failed + all.mistrusted + all.fallback + all.skipped;
}

std::string as_option(const char* name, const std::string& value) {
  return value.empty() ? "" : fmt::format(" {} {}", name, value);
}

// The stages of one run. After each, run.json is written anew, marked partial until the last; so whatever ends the run,
// what it had measured is on disk in a valid file.
class Run {
 public:
  Run(const RunOptions& options, const Plan& plan)
      : options_(options), plan_(plan), suite_(read_suites(plan.suites)), threads_(choose_threads(0, false)) {
    const std::string started = utc_now();
    folder_ = new_folder(options.out + "/" + started);
    json_["schema"] = kSchema;
    json_["partial"] = true;
    json_["suite"] = plan.suite;
    json_["command"] = fmt::format("bitproof run --suite {}{}{} --seed {}", options.suite,
                                   as_option("--model", options.model), as_option("--act", options.act), options.seed);
    json_["started"] = started;
    json_["seed"] = options.seed;
    json_["depth"] = plan.depth;
    json_["machine"] = to_json(read_machine());
    save();
  }

  int execute() {
    for (const auto stage : {&Run::check_stage, &Run::ceilings_stage, &Run::bench_stage, &Run::loop_stage}) {
      try {
        (this->*stage)();
      } catch (const Interrupted&) {
      } catch (const NotCleared& e) {
        failures_.push_back(fmt::format("not cleared, so not timed: {}", e.what()));
      } catch (const std::runtime_error& e) {
        failures_.push_back(fmt::format("the run ended here: {}", e.what()));
        save();
        throw;
      }
      save();
      if (interrupted()) return ended(kInterrupted);
    }
    json_["partial"] = false;
    json_["finished"] = utc_now();
    save();
    return ended(json_["failures"].empty() ? kOk : kFailed);
  }

  // The page for people holds its chart library, so it is written once.
  int ended(int code) const {
    write_file(page(), html::run_page(json_, html::installed_charts()));
    return code;
  }

  const Json& json() const { return json_; }
  std::string run_json() const { return folder_ + "/run.json"; }
  std::string report() const { return folder_ + "/report.md"; }
  std::string page() const { return folder_ + "/report.html"; }

 private:
  void check_stage() {
    CheckSummary summary;
    Json suites = Json::array();
    for (const std::string& suite : plan_.suites) {
      const std::vector<Case> cases = read_suites({suite}).cases;
      if (cases.empty()) continue;
      const CheckSummary one = check_with_progress(cases, "");
      suites.push_back({{"name", suite}});
      suites.back().update(to_json(one));
      add(summary, one);
    }
    json_["check"] = to_json(summary);
    json_["check"]["suites"] = suites;
    if (summary.ok() || interrupted()) return;
    failures_.push_back(fmt::format("check: {} of {} cases did not pass",
                                    summary.cases - summary.passed - summary.skipped, summary.cases));
  }

  void ceilings_stage() { measure_ceilings(ceilings_, threads_, plan_.ceiling_rounds); }

  void bench_stage() { bench_ = bench_with_progress(suite_.benchmarks, "", threads_, {}, clearance_); }

  void loop_stage() {
    std::vector<ArmSpec> specs = attribution_arms(threads_, plan_.left_out);
    // A search takes minutes, which a suite that also leaves techniques out has. On one thread the same products run.
    const char* usual = plan_.left_out ? "best" : "default";
    ArmSpec together = named_arm(usual, plan_.model, threads_, clearance_);
    together.label = fmt::format("{} on {} threads", usual, threads_);
    ArmSpec alone = together;
    alone.label = fmt::format("{} on 1 thread", usual);
    alone.names["threading"] = "threading/serial";
    alone.techniques = techniques_of(alone.names);
    alone.threads = 1;
    specs.push_back(alone);
    if (threads_ > 1) specs.push_back(together);
    workbench_ = set_up({.model = plan_.model,
                         .seed = options_.seed,
                         .depth = plan_.depth,
                         .tokens = 1,
                         .activation = activation_named(options_.act)},
                        specs, clearance_);
    const ModelShape& shape = workbench_->shape();
    json_["model"] = {{"name", plan_.model},
                      {"layers", shape.layers},
                      {"hidden", shape.hidden},
                      {"ffn", shape.ffn},
                      {"heads", shape.heads},
                      {"kv_heads", shape.kv_heads},
                      {"head_dim", shape.head_dim},
                      {"vocab", shape.vocab},
                      {"weights", is_gguf(plan_.model) ? "of that file" : "synthetic, from the seed"},
                      {"set_up_s", workbench_->set_up_s()}};
    rounds_with_progress(*workbench_, {.depth = plan_.depth, .rounds = plan_.rounds, .seed = options_.seed},
                         [&] { save(); });
    if (!interrupted()) measure_ceilings(ceilings_, threads_, plan_.ceiling_rounds - 2);
    settle_ceilings(ceilings_, threads_, plan_.ceiling_rounds, [&] {
      const CeilingTable ceilings = with_states();
      return some_time_is_above(ceilings, bench_) || some_time_is_above(ceilings, workbench_->arms());
    });
  }

  CeilingTable with_states() const {
    CeilingTable ceilings = ceilings_;
    add_states(ceilings, bench_);
    if (workbench_) add_states(ceilings, workbench_->arms());
    return ceilings;
  }

  // All that depends on the names of the placement states, which each new reading may change.
  void refresh() {
    const CeilingTable ceilings = with_states();
    std::vector<std::string> failures = failures_;
    const auto fail = [&](const std::vector<std::string>& list) {
      failures.insert(failures.end(), list.begin(), list.end());
    };
    json_["ceilings"] = to_json(ceilings);
    json_["bench"] = to_json(bench_, ceilings);
    fail(faults(bench_, ceilings));
    if (workbench_) {
      const auto arms = workbench_->arms();
      json_["arms"] = Json::array();
      for (const auto& arm : arms) {
        json_["arms"].push_back(to_json(*arm, ceilings, plan_.depth));
        fail(faults(*arm, ceilings, threads_));
      }
      const LogitsAgreement logits = compare_logits(arms);
      json_["logits"] = to_json(logits);
      fail(logits.faults);
      const Attribution attribution = attribute(arms, ceilings);
      json_["attribution"] = to_json(attribution, plan_.depth);
      fail(faults(attribution));
    }
    fail(audit::audit_run(json_));
    json_["failures"] = failures;
  }

  void save() {
    refresh();
    write_file(run_json(), json_.dump(1) + "\n");
    write_file(report(), markdown(json_));
  }

  const RunOptions options_;
  const Plan plan_;
  const Suite suite_;
  const int threads_;
  std::string folder_;
  Json json_;
  std::vector<std::string> failures_;
  std::vector<BenchResult> bench_;
  CeilingTable ceilings_;
  Clearance clearance_;
  std::unique_ptr<Workbench> workbench_;
};

// One screen, the answer first.
void print_answer(const Json& run) {
  const std::size_t failures = run["failures"].size();
  fmt::print("{}\n", failures > 0
                         ? fmt::format("FAILED: {} gate(s) or check(s); no number below may be quoted", failures)
                     : run["partial"].get<bool>() ? "Partial: interrupted; what was measured is kept"
                                                  : "No check, ledger, witness or physics gate failed.");
  for (const Json& f : run["failures"]) fmt::print("  FAILED: {}\n", one_line(f.get<std::string>()));
  if (!run.contains("arms")) return;
  fmt::print("\nmodel {}, {} layers, depth {}\n", run["model"]["name"].get<std::string>(),
             run["model"]["layers"].get<int>(), run["depth"].get<int>());
  TextTable earned("<<<");
  for (const Earning& e : earnings(run)) {
    const std::string detail = e.sentence.substr(std::min(e.sentence.size(), e.technique.size() + 2));
    earned.row({e.technique, e.verdict, detail});
  }
  earned.print();
  fmt::print("\n");
  TextTable table("<>>>>>");
  table.row({"recipe", "threads", "tok/s", "interval", "GB/s", "of ceiling"});
  for (const Json& a : run["arms"]) {
    const std::string threads = a["threads"].dump();
    if (a["tok_per_s"].is_null()) {
      table.row({a["recipe"], threads, "not measured"});
      continue;
    }
    const Json& rate = a["tok_per_s"];
    const Json& fraction = a["fraction_of_ceiling"];
    const auto number = [&](const char* key) { return fmt::format("{:.3f}", rate[key].get<double>()); };
    table.row({a["recipe"], threads, number("median"), fmt::format("[{}, {}]", number("ci_low"), number("ci_high")),
               fmt::format("{:.2f}", a["gb_per_s"].get<double>()),
               fraction.is_null() ? "-" : fmt::format("{:.0f} %", 100 * fraction.get<double>())});
  }
  table.print();
}

}  // namespace

int run_command(const RunOptions& options) {
  Plan plan = plan_for(options.suite);
  if (!options.model.empty()) plan.model = options.model;
  whole_shape({.model = plan.model, .activation = activation_named(options.act)});  // refused before the hours
  Run run(options, plan);
  const int code = run.execute();
  if (options.json) {
    fmt::print(
        "{}\n",
        Json{{"run_json", run.run_json()}, {"report", run.report()}, {"html", run.page()}, {"failed", code != kOk}}
            .dump(2));
  } else {
    print_answer(run.json());
    fmt::print("report: {}\n", run.page());
  }
  return code;
}

void add_run(CommandLine& line) {
  auto [sub, o] =
      line.add("run", "everything in one go, to <out>/<time>/run.json, report.md and report.html", run_command);
  sub.option("--suite", o.suite, "how much").one_of({"smoke", "quick", "full"});
  sub.option("--out", o.out, "folder for the results");
  sub.option("--model", o.model, model_help());
  sub.option("--act", o.act, "silu or relu2, instead of the model's own activation");
  sub.option("--seed", o.seed, "of weights, prompt and order");
  sub.json(o.json);
  sub.examples({"bitproof run --suite smoke --out out"});
}

}  // namespace bitproof
