#include <fmt/chrono.h>
#include <fmt/format.h>

#include <unistd.h>

#include <ctime>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "measure_ceilings.hpp"
#include "reports/attribution_json.hpp"
#include "reports/file.hpp"
#include "reports/markdown.hpp"
#include "suite.hpp"
#include "suites.hpp"
#include "terminal.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

// What the three sizes of a run differ in. Their cases and benchmarks are in suites/<name>.toml.
struct Plan {
  const char* suite;
  const char* model;
  std::int64_t depth;
  int rounds;
  bool left_out;  // also all-but-one recipes
  std::vector<std::string> suites;
};

Plan plan_for(const std::string& suite) {
  if (suite == "smoke") return {"smoke", "tiny", 8, 3, false, {"smoke"}};
  if (suite == "quick") return {"quick", "7b", 8, 3, false, {"quick"}};
  return {"full", "7b", 4, 4, true, {"edges", "seed_shapes", "micro"}};
}

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H-%M-%SZ}", fmt::gmtime(std::time(nullptr))); }

// The stages of one run. After each, run.json is written anew, marked partial until the last; so whatever ends the run,
// what it had measured is on disk in a valid file.
class Run {
 public:
  Run(const RunOptions& options, const Plan& plan) : options_(options), plan_(plan) {
    const std::string started = utc_now();
    folder_ = options.out + "/" + started;
    make_folder(folder_);
    json_["schema"] = kSchema;
    json_["partial"] = true;
    json_["suite"] = plan.suite;
    json_["command"] = fmt::format("bitproof run --suite {} --seed {}", options.suite, options.seed);
    json_["started"] = started;
    json_["seed"] = options.seed;
    json_["depth"] = plan.depth;
    json_["failures"] = Json::array();
    json_["machine"] = to_json(read_machine());
    threads_ = choose_threads(0, false);
    save();
  }

  int execute() {
    for (const auto stage : {&Run::check_stage, &Run::ceilings_stage, &Run::bench_stage, &Run::loop_stage}) {
      try {
        (this->*stage)();
      } catch (const NotCleared& e) {
        fail(fmt::format("not cleared, so not timed: {}", e.what()));
      }
      refresh();
      save();
      if (interrupted()) return kInterrupted;
    }
    json_["partial"] = false;
    json_["finished"] = utc_now();
    save();
    return json_["failures"].empty() ? kOk : kFailed;
  }

  const Json& json() const { return json_; }
  std::string run_json() const { return folder_ + "/run.json"; }
  std::string report() const { return folder_ + "/report.md"; }

 private:
  void fail(const std::string& why) {
    failures_.push_back(why);
    note("FAILED: " + why);
  }

  void check_stage() {
    std::vector<Case> cases;
    for (const std::string& name : plan_.suites) {
      const Suite suite = read_suite(suite_path(name));
      cases.insert(cases.end(), suite.cases.begin(), suite.cases.end());
      benchmarks_.insert(benchmarks_.end(), suite.benchmarks.begin(), suite.benchmarks.end());
    }
    ProgressLine progress("checking against the oracles");
    const CheckSummary summary = check(cases, "", [&](std::size_t done, std::size_t total) {
      progress.update(static_cast<double>(done) / static_cast<double>(total), fmt::format("{} of {}", done, total));
    });
    json_["check"] = to_json(summary);
    if (!summary.ok() && !interrupted()) {
      fail(fmt::format("check: {} of {} cases did not pass", summary.cases - summary.passed - summary.skipped, summary.cases));
    }
  }

  void ceilings_stage() { measure_ceilings(ceilings_, threads_, 3); }

  void bench_stage() {
    ProgressLine progress("microbenchmarks");
    const auto llc = read_machine().llc_bytes.value.value_or(std::size_t{32} << 20);
    bench_ = run_microbenchmarks(benchmarks_, {.filter = "", .cores = threads_, .llc_bytes = llc, .google = {}}, clearance_,
                                 [&](double f, const std::string& what) { progress.update(f, what); });
    for (const BenchResult& r : bench_) {
      ceilings_.states.add({r.ping_pong_ns, "", {}});
      if (!r.failure.empty()) fail(fmt::format("bench {} {}: {}", r.id, r.c, r.failure));
    }
  }

  void loop_stage() {
    std::vector<ArmSpec> specs = attribution_arms(threads_, plan_.left_out);
    const Techniques best = parse_recipe("best");
    specs.push_back(arm_of(best.without(Technique::threading), 1, "best on 1 thread"));
    if (threads_ > 1) specs.push_back(arm_of(best, threads_, fmt::format("best on {} threads", threads_)));
    {
      ProgressLine progress("generating and packing weights");
      bench_model_.emplace(WorkbenchOptions{.model = plan_.model, .seed = options_.seed, .depth = plan_.depth, .tokens = 1},
                           specs, clearance_, [&](double fraction) { progress.update(fraction); });
    }
    json_["model"] = {{"name", plan_.model},
                      {"layers", bench_model_->shape().layers},
                      {"hidden", bench_model_->shape().hidden},
                      {"ffn", bench_model_->shape().ffn},
                      {"vocab", bench_model_->shape().vocab},
                      {"weights", "synthetic, from the seed"},
                      {"set_up_s", bench_model_->set_up_s()}};
    {
      ProgressLine progress(fmt::format("{} recipes in the token loop", specs.size()));
      const Schedule schedule{.depth = plan_.depth, .rounds = plan_.rounds, .seed = options_.seed};
      run_rounds(bench_model_->arms(), bench_model_->prompt(), bench_model_->prefix(), schedule,
                 [&](const ArmProgress& p) {
                   progress.update(p.fraction, fmt::format("round {} of {}: {}", p.round, p.rounds, p.label));
                 },
                 [&] {
                   refresh();
                   save();
                 });
    }
    if (!interrupted()) measure_ceilings(ceilings_, threads_, 2);
    for (const auto& arm : bench_model_->arms()) gate(*arm);
  }

  // The ledger and the witnesses of one arm.
  void gate(const Arm& arm) {
    if (arm.samples().empty()) return;
    const Json j = to_json(arm, ceilings_, plan_.depth);
    if (!j["ledger_ok"].get<bool>()) fail(fmt::format("{}: ledger: {}", arm.spec().label, j["ledger_why"].get<std::string>()));
    for (const Witness& w : arm.witnesses()) {
      if (!w.wanted || w.engaged) continue;
      if (w.technique == Technique::threading && threads_ == 1) continue;  // one core: nothing to engage, and no credit
      fail(fmt::format("{}: {} is NOT ENGAGED: {}", arm.spec().label, name(w.technique), w.evidence));
    }
    // A token cannot read its bytes faster than the machine reads memory; the margin is the ceiling's own interval.
    if (j["fraction_of_ceiling"].is_number() && j["fraction_of_ceiling"].get<double>() > kMostOfCeiling) {
      fail(fmt::format("{}: IMPOSSIBLE: {:.0f} % of the read ceiling", arm.spec().label,
                       100 * j["fraction_of_ceiling"].get<double>()));
    }
  }

  // Everything that depends on the placement states, which are named when all readings are in.
  void refresh() {
    json_["failures"] = failures_;
    json_["ceilings"] = to_json(ceilings_);
    json_["bench"] = Json::array();
    for (const BenchResult& r : bench_) json_["bench"].push_back(to_json(r, ceilings_));
    if (!bench_model_) return;
    CeilingTable named = ceilings_;
    for (const auto& arm : bench_model_->arms()) {
      for (const LoopSample& s : arm->samples()) named.states.add({s.ping_pong_ns, "", s.load});
    }
    json_["arms"] = Json::array();
    for (const auto& arm : bench_model_->arms()) json_["arms"].push_back(to_json(*arm, named, plan_.depth));
    json_["attribution"] = to_json(attribute(bench_model_->arms()), plan_.depth);
  }

  void save() const {
    write_file(run_json(), json_.dump(1) + "\n");
    write_file(report(), markdown(json_));
  }

  static constexpr double kMostOfCeiling = 1.05;

  const RunOptions options_;
  const Plan plan_;
  std::string folder_;
  int threads_ = 1;
  Json json_;
  std::vector<std::string> failures_;
  std::vector<BenchmarkSpec> benchmarks_;
  std::vector<BenchResult> bench_;
  CeilingTable ceilings_;
  Clearance clearance_;
  std::optional<Workbench> bench_model_;
};

void print_answer(const Json& run) {
  if (!run.contains("arms")) return;
  fmt::print("model {}, {} layers, depth {}\n", run["model"]["name"].get<std::string>(), run["model"]["layers"].get<int>(),
             run["depth"].get<int>());
  for (const Json& a : run["arms"]) {
    const std::string label = a["recipe"].get<std::string>();
    if (a["tok_per_s"].is_null()) {
      fmt::print("  {:<20} not measured\n", label);
      continue;
    }
    fmt::print("  {:<20} {} thread(s) {:>9.3f} tok/s  [{:.3f}, {:.3f}]  {:.2f} GB/s{}\n", label, a["threads"].get<int>(),
               a["tok_per_s"]["median"].get<double>(), a["tok_per_s"]["ci_low"].get<double>(),
               a["tok_per_s"]["ci_high"].get<double>(), a["gb_per_s"].get<double>(),
               a["fraction_of_ceiling"].is_null() ? "" : fmt::format(", {:.0f} % of the ceiling", 100 * a["fraction_of_ceiling"].get<double>()));
  }
}

}  // namespace

int run_command(const RunOptions& options) {
  Run run(options, plan_for(options.suite));
  const int code = run.execute();
  if (options.json) {
    fmt::print("{}\n", Json{{"run_json", run.run_json()}, {"report", run.report()}, {"failed", code != kOk}}.dump(2));
  } else {
    print_answer(run.json());
    for (const Json& f : run.json()["failures"]) fmt::print("FAILED: {}\n", f.get<std::string>());
    fmt::print("report: {}\n", run.report());
  }
  return code;
}

}  // namespace bitproof
