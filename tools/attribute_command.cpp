#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "command_line.hpp"
#include "commands.hpp"
#include "depth_axis_steps.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "model_facts.hpp"
#include "open_model.hpp"
#include "reports/attribution_json.hpp"
#include "reports/attribution_markdown.hpp"
#include "reports/audit/run_claims.hpp"
#include "reports/file.hpp"
#include "reports/lattice_file.hpp"
#include "steps.hpp"
#include "terminal.hpp"
#include "text_table.hpp"
#include "token_physics.hpp"

namespace bitproof {
namespace {

// From here on a budget is enough for every recipe, at a depth where a cache matters, with micro-benchmarks.
constexpr double kWholeLattice_s = 30 * 60;
// Kept of it for the micro-benchmarks.
constexpr double kPrediction_s = 60;

struct Size {
  bool whole;
  std::int64_t depth;
  int rounds;
  bool predicts;
};

Size size_of(const AttributeOptions& o, double budget_s) {
  const bool whole = o.cells == "all" || (o.cells == "auto" && budget_s >= kWholeLattice_s);
  return {whole,
          o.depth >= 0 ? o.depth
          : whole      ? 16
                       : 4,
          o.rounds > 0 ? o.rounds
          : whole      ? 8
                       : 4,
          o.predict || budget_s >= kWholeLattice_s};
}

LatticePlan plan_of(const AttributeOptions& o, const Size& size, double budget_s) {
  shape_for({.model = o.model, .depth = size.depth, .activation = activation_named(o.act)});
  LatticePlan plan{.lattice = o.lattice.empty() ? technique_lattice() : read_lattice(o.lattice), .cells = {}};
  const LatticeShape shape = plan.lattice.shape();
  plan.cells = corner_cells(shape);
  if (size.whole) {
    plan.cells.clear();
    for (std::size_t i = 0; i < cell_count(shape); ++i) plan.cells.push_back(i);
  }
  plan.model = o.model;
  plan.activation = activation_named(o.act);
  plan.depth = size.depth;
  plan.threads = choose_threads(o.threads, false);
  plan.seed = o.seed;
  plan.rounds = size.rounds;
  if (o.rounds > 0) plan.most_rounds = o.rounds;
  plan.budget_s = size.predicts && budget_s > 2 * kPrediction_s ? budget_s - kPrediction_s : budget_s;
  return plan;
}

// Draws whatever is under way; each phase ends the line of the one before.
class Phases {
 public:
  void update(const std::string& what, double fraction, const std::string& detail = "") {
    if (what != what_) {
      line_.reset();
      line_ = std::make_unique<ProgressLine>(what_ = what);
    }
    line_->update(fraction, detail);
  }
  void end() { line_.reset(), what_.clear(); }

 private:
  std::string what_;
  std::unique_ptr<ProgressLine> line_;
};

void measure_cells(LatticeRun& run, Clearance& clearance, const std::string& resume) {
  Phases phases;
  const auto save = [&] {
    if (!resume.empty()) write_file(resume, lattice_text(run));
  };
  run.measure(
      clearance,
      {.set_up = [&](double f) { phases.update("generating and packing weights", f); },
       .trials = [&](double f) { phases.update("canaries, and layers against the reference, on the tiny model", f); },
       .progress =
           [&](const LatticeProgress& p) {
             phases.update(fmt::format("{} recipes in the token loop", run.cells().size()), p.fraction,
                           fmt::format("round {} of {}: {}", p.round, p.rounds, p.label));
           },
       .after_cell = save});
  phases.end();
  save();
}

bool larger_than_caches(const Workbench& bench, const CeilingTable& ceilings) {
  const ModelShape& m = bench.shape();
  const double weights = 0.25 * static_cast<double>(m.layers * m.hidden * (4 * m.hidden + 3 * m.ffn));
  double caches = 0;
  for (const CacheLevel& c : ceilings.caches) caches = std::max(caches, static_cast<double>(c.bytes));
  return weights > 4 * caches;
}

std::vector<BenchResult> micro_benchmarks(const LatticeRun& run, const CeilingTable& ceilings, Clearance& clearance) {
  const auto specs = prediction_benchmarks(run.plan().lattice, run.cells(), run.bench()->shape(),
                                           larger_than_caches(*run.bench(), ceilings));
  return bench_with_progress(specs, "", run.plan().threads, {"--benchmark_repetitions=3"}, clearance);
}

// One parallel region that does nothing, with the threads of this recipe.
std::optional<double> region_ns(const Cell& cell, Clearance& clearance) {
  if (cell.spec.threads < 2) return std::nullopt;
  const BenchmarkSpec spec{.name = "an empty region",
                           .kind = "threading",
                           .variants = {cell.spec.names.at("threading")},
                           .cases = {},
                           .threads = {cell.spec.threads},
                           .bytes = {}};
  const std::vector<BenchResult> results = bench_with_progress({&spec, 1}, "", cell.spec.threads, {}, clearance);
  return results.empty() || !results[0].failure.empty() ? std::nullopt : std::optional(results[0].ns.median);
}

Json scaling_of(const LatticeRun& run, const CeilingTable& ceilings) {
  const int cores = choose_threads(0, false);
  const std::vector<ScalePoint> points = scaling(run.cells(), cores);
  std::vector<ScaleModel> model;
  std::string why = "the best recipe was not measured on one thread";
  if (!points.empty()) {
    const auto one =
        std::ranges::find(run.cells(), std::string("default on 1 thread"), [](const Cell& c) { return c.spec.label; });
    const std::set<std::string> states = states_of(*one, ceilings);
    const auto ceiling = states.size() == 1 ? ceilings.at(cores, *states.begin()) : std::nullopt;
    why = "no read ceiling of the state that it was measured in";
    const int threads[] = {2 * cores, 4 * cores, 8 * cores};
    if (ceiling) model = scale_model(*one, ceiling->gb_per_s.median, threads);
  }
  return scaling_json(points, model, why);
}

// That has decoded in this process; null if none has.
Arm* live_arm(const LatticeRun& run, const Cell& cell) {
  if (!run.bench()) return nullptr;
  for (const auto& arm : run.bench()->arms()) {
    if (arm->spec().label == cell.spec.label && !arm->samples().empty()) return arm.get();
  }
  return nullptr;
}

// What a run leaves behind, reckoned up.
Json results(const LatticeRun& run, const AttributeOptions& options, const CeilingTable& ceilings, const Size& size,
             Clearance& clearance) {
  const Attribution attribution = attribute(run.plan().lattice, run.cells(), ceilings);
  std::vector<Prediction> predictions;
  std::string why = "a budget under 30 minutes has no time for micro-benchmarks: --predict makes it";
  if (interrupted()) {
    why = "interrupted";
  } else if (!run.bench()) {
    why =
        "every sample is of an earlier process: nothing was left to measure, and nothing is set up to be predicted "
        "from";
  } else if (size.predicts) {
    const std::vector<BenchResult> micro = micro_benchmarks(run, ceilings, clearance);
    predictions = predict(run.plan().lattice, run.cells(), attribution, micro_times(micro), ceilings);
  }
  Json j = to_json(attribution, run.plan().depth, predictions, why);
  j["depth_axis"] = nullptr;
  j["depth_axis_why"] = "one depth was measured; --depths 4,16,64,256,1024 measures the cache by depth";

  std::vector<std::string> failed = faults(attribution);
  Json cells = Json::array(), profiles = Json::array();
  for (std::size_t i = 0; i < run.cells().size(); ++i) {
    const Cell& cell = run.cells()[i];
    Json summary = cell_summary(cell, ceilings);
    for (const std::string& fault : faults(cell, ceilings)) failed.push_back(fault);
    if (Arm* arm = live_arm(run, cell)) {
      summary["memory"] = memory_json(memory_of(*arm, run.bench()->model()));
    } else {
      summary["memory"] = nullptr;
      summary["memory_why"] = "its arm is not alive: measured by an earlier process, or not at all";
    }
    const bool end = cell.index && (*cell.index == 0 || *cell.index + 1 == cell_count(run.plan().lattice.shape()));
    if (cell.measured() && (end || cell.spec.label.starts_with("default on "))) {
      profiles.push_back(profile_json(cell, interrupted() ? std::nullopt : region_ns(cell, clearance)));
    }
    cells.push_back(std::move(summary));
  }
  for (const std::string& fault : disagreements(run.cells())) failed.push_back(fault);
  if (run.bench()) {
    j["logits"] = to_json(compare_logits(run.bench()->arms()));
    j["weights"] = weights_of(run.bench()->model().model());
  } else {
    for (const char* key : {"logits", "weights"}) {
      j[key] = nullptr;
      j[std::string(key) + "_why"] = "every sample is of an earlier process";
    }
  }
  j["profiles"] = profiles;
  j["scaling"] = scaling_of(run, ceilings);
  j["ceilings"] = to_json(ceilings);
  j["failures"] = failed;
  j["partial"] = interrupted();
  if (j["rounds"].get<int>() < size.rounds) {
    j["rounds_why"] =
        interrupted()
            ? "interrupted"
            : fmt::format("{} of {} whole rounds fit the budget of {}; what was left went to the cheaper recipes",
                          j["rounds"].get<int>(), size.rounds, options.budget);
  }
  j["packings_together"] = run.packings_why().empty();
  if (!run.packings_why().empty()) j["packings_why"] = run.packings_why();
  if (const std::string disturbance = other_work(run.cells()); !disturbance.empty()) j["samples_why"] = disturbance;
  j["cells_in_several_states"] =
      std::ranges::count_if(run.cells(), [&](const Cell& c) { return states_of(c, ceilings).size() > 1; });
  j["model"] = options.model;
  j["layers"] = run.bench() ? run.bench()->shape().layers : run.cells()[0].layers;
  j["seed"] = options.seed;
  j["lattice"] = run.plan().lattice.name;
  j["seconds"] = run.spent_s();
  j["machine"] = read_machine().fingerprint();
  j["build"] = build_fingerprint();
  j["cells"] = cells;
  for (const std::string& fault : audit::audit_run(j)) j["failures"].push_back(fault);
  return j;
}

std::string ratio_text(const Json& j, const std::string& key) {
  if (!j.contains(key + "_detail")) return "not measured";
  const Json& d = j[key + "_detail"];
  const std::string middle = fmt::format("{:.3g}x", d[d.contains("ratio") ? "ratio" : "geometric_mean"].get<double>());
  if (d["ci_low"].is_null()) return middle;
  return fmt::format("{} [{:.3g}, {:.3g}]{}", middle, d["ci_low"].get<double>(), d["ci_high"].get<double>(),
                     d["effect"] == "no effect shown" ? " no effect shown" : "");
}

void print_summary(const Json& j) {
  TextTable cells("<>>>");
  cells.row({"recipe", "tok/s", "interval", "samples"});
  for (const Json& c : j["cells"]) {
    const Json& rate = c["tok_per_s"];
    if (rate.is_null()) {
      cells.row({c["recipe"], "-", "-", "0"});
      continue;
    }
    const auto number = [&](const char* key) { return fmt::format("{:.3f}", rate[key].get<double>()); };
    cells.row({c["recipe"], number("median"), fmt::format("[{}, {}]", number("ci_low"), number("ci_high")),
               rate["n"].dump()});
  }
  cells.print();
  fmt::print("\n");
  TextTable techniques("<>>>>>");
  techniques.row({"technique", "expected", "predicted", "alone", "left out of all", "share"});
  for (const Json& t : j["techniques"]) {
    techniques.row({t["name"], t["expected"].is_string() ? t["expected"].get<std::string>() : "-",
                    t["predicted"].is_null() ? "-" : fmt::format("{:.3g}x", t["predicted"].get<double>()),
                    ratio_text(t, "alone"), ratio_text(t, "without"), ratio_text(t, "shapley")});
  }
  techniques.print();
  for (const Json& t : j["techniques"]) {
    if (!t["engaged"].get<bool>())
      fmt::print("{}: NOT ENGAGED: {}\n", t["name"].get<std::string>(), t["evidence"].get<std::string>());
  }
  fmt::print("all over none: {}\nall over all once more: {}\n{} of {} recipes, {} rounds, {} layers, depth {}, {}\n",
             ratio_text(j, "total_speedup"), ratio_text(j, "all_over_all_again"), j["cells_measured"].get<int>(),
             j["cells_total"].get<int>(), j["rounds"].get<int>(), j["layers"].get<int>(), j["depth"].get<int>(),
             duration(j["seconds"].get<double>()));
}

void print_depths(const Json& axis) {
  TextTable table(">>>");
  table.row({"depth", "cache over recomputation, with SIMD", "scalar"});
  for (const Json& p : axis["points"]) {
    table.row({p["depth"].dump(), ratio_text(p, "with_simd"),
               p["scalar_modelled"].is_null() ? ratio_text(p, "scalar")
                                              : fmt::format("{:.3g}x (modelled)", p["scalar_modelled"].get<double>())});
  }
  table.print();
  if (!axis["held_out_error"].is_null()) {
    fmt::print("model fitted on depths {}; off by {:+.1f} % at depth {}, which it has not seen\n",
               axis["fitted_on_depths"].dump(), 100 * axis["held_out_error"].get<double>(),
               axis["held_out_depth"].get<int>());
  }
}

// The depth axis stands alone: `attribute --depths`.
int depths_command(const AttributeOptions& options) {
  const std::vector<std::int64_t> depths = parse_depths(options.depths, options.model);
  std::vector<std::string> failed;
  Json j{{"model", options.model}, {"seed", options.seed}, {"machine", read_machine().fingerprint()}};
  j["build"] = build_fingerprint();
  j["depth_axis"] = measure_depth_axis(depths, options, choose_threads(options.threads, false), failed);
  j["failures"] = failed;
  j["partial"] = interrupted();
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else if (options.markdown) {
    fmt::print("{}", attribution_report(j));
  } else {
    print_depths(j["depth_axis"]);
  }
  if (interrupted()) return kInterrupted;
  for (const std::string& fault : failed) note("FAILED: " + fault);
  return failed.empty() ? kOk : kFailed;
}

}  // namespace

int attribute_command(const AttributeOptions& options) {
  if (!options.depths.empty()) return depths_command(options);
  const double budget_s = parse_budget_s(options.budget);
  const Size size = size_of(options, budget_s);
  const LatticePlan plan = plan_of(options, size, budget_s);
  LatticeRun run(plan, choose_threads(0, false));
  if (!options.resume.empty() && std::filesystem::exists(options.resume)) {
    SavedLattice saved = parse_lattice_file(read_file(options.resume), options.resume, plan);
    run.resume(std::move(saved.cells), saved.spent_s);
    note(
        fmt::format("{}: going on after {} in {} whole rounds", options.resume, duration(saved.spent_s), run.rounds()));
  }
  Clearance clearance;
  CeilingTable ceilings;
  measure_ceilings(ceilings, plan.threads, options.ceiling_rounds);
  measure_cells(run, clearance, options.resume);
  add_states(ceilings, run.cells());
  settle_ceilings(ceilings, plan.threads, options.ceiling_rounds,
                  [&] { return some_time_is_above(ceilings, run.cells()); });
  const Json j = results(run, options, ceilings, size, clearance);
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else if (options.markdown) {
    fmt::print("{}", attribution_report(j));
  } else {
    print_summary(j);
  }
  if (j.contains("rounds_why")) note(j["rounds_why"].get<std::string>());
  if (interrupted()) return kInterrupted;
  for (const Json& fault : j["failures"]) note("FAILED: " + fault.get<std::string>());
  return j["failures"].empty() ? kOk : kFailed;
}

void add_attribute(CommandLine& line) {
  auto [sub, o] = line.add("attribute", "what each technique buys in tok/s", attribute_command);
  sub.option("--budget", o.budget,
             "of all it does: 90s, 5m, 1h. From 30m on all recipes, at depth 16; below, the corners at depth 4");
  sub.option("--model", o.model, model_help());
  sub.option("--act", o.act, "silu or relu2, instead of the model's own activation");
  sub.option("--cells", o.cells, "all recipes, corners (none, all, each alone, each left out), or by the budget")
      .one_of({"auto", "all", "corners"});
  sub.option("--depth", o.depth, "positions before the timed token; -1: by the budget").between(-1, 1'000'000);
  sub.option("--rounds", o.rounds, "interleaved rounds, no more (default: as many as the budget holds)").at_least_one();
  sub.ceiling_rounds(o.ceiling_rounds);
  sub.option("--lattice", o.lattice, "factors and levels of your own, a TOML file");
  sub.option("--resume", o.resume,
             "a file that holds every finished sample, to be begun or gone on with; with "
             "--depths one a depth, FILE.depthN");
  sub.option("--threads", o.threads, "of the threading technique (default: physical cores)").threads();
  sub.option("--seed", o.seed, "of weights, prompt and order");
  sub.flag("--predict", o.predict, "run the micro-benchmarks of the predictions whatever the budget");
  auto depths =
      sub.option("--depths", o.depths, "instead: what a cache is worth at each of these depths, as 4,16,64,256,1024");
  for (const char* of_lattice : {"--lattice", "--cells", "--depth", "--budget", "--predict"})
    depths.excludes(of_lattice);
  sub.json(o.json);
  sub.flag("--markdown", o.markdown, "the tables of a report").excludes("--json");
  sub.examples({"bitproof attribute --model tiny --rounds 2 --budget 2m"});
}

}  // namespace bitproof
