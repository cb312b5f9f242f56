#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "command_line.hpp"
#include "commands.hpp"
#include "comparison_run.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "reports/comparison_json.hpp"
#include "reports/file.hpp"
#include "reports/look.hpp"
#include "reports/saved_runs.hpp"
#include "rng.hpp"
#include "steps.hpp"
#include "subject.hpp"
#include "suites.hpp"
#include "terminal.hpp"
#include "text_table.hpp"
#include "worker.hpp"

namespace bitproof {
namespace {

// One arm: a binary, and what it runs.
struct Contender {
  std::string binary;
  Subject subject;
  double delay_percent = 0;
};

struct Pairing {
  std::string id, a_name, b_name;
  Contender a, b;
};

// A, B and a second A, each a process of its own.
class ProcessCrew final : public Crew {
 public:
  ProcessCrew(const Contender& a, const Contender& b) {
    const Contender* contenders[kSeats] = {&a, &b, &a};
    for (int seat = 0; seat < kSeats; ++seat) {
      std::vector<std::string> arguments = arguments_of(contenders[seat]->subject);
      if (contenders[seat]->delay_percent > 0) {
        arguments.insert(arguments.end(), {"--delay", fmt::format("{}", contenders[seat]->delay_percent)});
      }
      workers_[static_cast<std::size_t>(seat)] = std::make_unique<Worker>(contenders[seat]->binary, arguments);
    }
    // They are set up side by side, and calibrated one at a time.
    for (auto& worker : workers_) worker->answer();
    for (auto& worker : workers_) {
      worker->tell("warm");
      worker->answer();
    }
  }

  TimedBatch take(Seat seat) override {
    Worker& worker = *workers_[static_cast<std::size_t>(seat)];
    worker.tell("take");
    try {
      return batch_from_json(worker.answer());
    } catch (const Json::exception& e) {
      throw CrewFailed(fmt::format("a sample that cannot be read: {}", e.what()));
    }
  }

 private:
  std::array<std::unique_ptr<Worker>, kSeats> workers_;
};

bool is_binary(const std::string& path) {
  return path.find('/') != std::string::npos && std::filesystem::is_regular_file(path) &&
         access(path.c_str(), X_OK) == 0;
}

bool is_saved_run(const std::string& path) { return path.ends_with(".json"); }

Subject with_options(const std::string& id, const CompareOptions& o, const std::string& one_case, int threads) {
  return {.id = id, .one_case = one_case, .threads = threads, .hot = o.hot, .model = o.model, .depth = o.depth};
}

std::string op_of(const std::string& id) { return id.substr(0, id.find('/')); }

// The cases that --case names; else those that the suite benchmarks for this op.
std::vector<std::string> cases_for(const std::string& id, const CompareOptions& options) {
  const Subject loop{.id = id};
  if (loop.is_loop()) {
    if (!options.cases.empty())
      throw BadInput("--case {}: {} is a loop; it has --model and --depth", options.cases[0], id);
    return {""};
  }
  if (!options.cases.empty()) return options.cases;
  std::vector<std::string> cases;
  const Suite suite = read_suites({options.suite});
  for (const Subject& s : subjects_of(suite, options.filter, 1)) {
    if (!s.is_loop() && op_of(s.id) == op_of(id) && std::ranges::find(cases, s.one_case) == cases.end()) {
      cases.push_back(s.one_case);
    }
  }
  if (cases.empty())
    throw BadInput("suite {} benchmarks no {}: name a --case, such as rows=4096,cols=4096", options.suite, op_of(id));
  return cases;
}

int threads_of(const Subject& subject, const CompareOptions& options) {
  return options.threads > 0 || subject.is_loop() ? choose_threads(options.threads, false) : 1;
}

std::vector<Pairing> variants_to_compare(const CompareOptions& options) {
  const Subject first{.id = options.a}, second{.id = options.b};
  const int threads = threads_of(first, options);
  if (first.is_loop() != second.is_loop() || (!first.is_loop() && op_of(options.a) != op_of(options.b))) {
    throw BadInput("{} and {} do not compute the same: compare variants of one op, or two loops", options.a, options.b);
  }
  const std::string binary = this_binary();
  std::vector<Pairing> pairings;
  for (const std::string& c : cases_for(options.a, options)) {
    const Subject a = with_options(options.a, options, c, threads), b = with_options(options.b, options, c, threads);
    name_of(a);  // refuses what does not exist
    pairings.push_back({name_of(b), options.a, options.b, {binary, a}, {binary, b, options.delay_percent}});
  }
  return pairings;
}

std::vector<Pairing> builds_to_compare(const CompareOptions& options) {
  std::vector<Subject> subjects;
  if (options.of.empty()) {
    subjects = subjects_of(read_suites({options.suite}), options.filter, choose_threads(options.threads, false));
    if (subjects.empty())
      throw BadInput("suite {} has no kernel or loop that matches '{}'", options.suite, options.filter);
  }
  for (const std::string& id : options.of) {
    const int threads = threads_of({.id = id}, options);
    for (const std::string& c : cases_for(id, options)) subjects.push_back(with_options(id, options, c, threads));
  }
  std::vector<Pairing> pairings;
  for (const Subject& s : subjects) {
    pairings.push_back({name_of(s), options.a, options.b, {options.a, s}, {options.b, s, options.delay_percent}});
  }
  return pairings;
}

double steady_s() { return steady_ns() * 1e-9; }

CaseComparison run_pairing(const Pairing& p, const CompareRules& rules, const CompareSchedule& schedule) {
  ProgressLine progress(p.id);
  bool first = true;
  const auto launch = [&]() -> std::unique_ptr<Crew> {
    try {
      auto crew = std::make_unique<ProcessCrew>(p.a, p.b);
      first = false;
      return crew;
    } catch (const WorkerRefused& e) {
      if (first) throw BadInput("{}", e.what());
      throw;
    }
  };
  CaseComparison c = run_comparison(launch, rules, schedule, steady_s, [&](const CompareProgress& at) {
    progress.update(at.fraction, fmt::format("launch {}, round {}{}", at.launch, at.round,
                                             at.width ? fmt::format(", interval {:.1f} % wide", 100 * *at.width) : ""));
  });
  c.id = p.id;
  c.a = p.a_name;
  c.b = p.b_name;
  return c;
}

Comparison compare_processes(const std::string& kind, const std::vector<Pairing>& pairings,
                             const CompareOptions& options) {
  Comparison all{
      .rules = {.smallest_effect = options.smallest_effect / 100, .comparisons = static_cast<int>(pairings.size())},
      .kind = kind};
  for (std::size_t i = 0; i < pairings.size() && !interrupted(); ++i) {
    const CompareSchedule schedule{
        .width = options.width / 100, .budget_s = parse_budget_s(options.budget), .seed = stream_seed(options.seed, i)};
    all.cases.push_back(run_pairing(pairings[i], all.rules, schedule));
  }
  all.partial = interrupted();
  return all;
}

std::string time_or_dash(const std::optional<double>& ns) { return ns ? time_text(*ns) : "-"; }

std::vector<std::string> cells(const std::string& label, const RatioVerdict& r, const std::string& state) {
  return {label,
          r.ratio ? fmt::format("{:.4f}", *r.ratio) : "-",
          r.ratio ? fmt::format("[{:.4f}, {:.4f}]", r.ci_low, r.ci_high) : "-",
          name(r.verdict),
          fmt::format("{}", r.by_launch.size()),
          fmt::format("{}", r.pairs),
          state,
          r.why};
}

void print_case(const CaseComparison& c, const CompareRules& rules) {
  fmt::print("{}\n  A {}  {}\n  B {}  {}\n", one_line(c.id), one_line(c.a), time_or_dash(c.median_a_ns), one_line(c.b),
             time_or_dash(c.median_b_ns));
  TextTable table("<>><>><<");
  table.row(
      {"", "ratio", fmt::format("{:.4g} % interval", 100 * c.result.confidence), "", "launches", "pairs", "state", ""});
  table.row(cells("B / A", c.result, c.state));
  for (const StateVerdict& s : c.by_state) {
    if (c.by_state.size() > 1) table.row(cells("  in state", s.result, s.state));
  }
  if (c.control) table.row(cells("A / A", *c.control, ""));
  table.print();
  if (!c.control) fmt::print("  no A/A control: {}\n", one_line(c.control_why));
  for (const auto& [why, n] : c.set_aside)
    fmt::print("  {} of {} samples set aside: {}\n", n, c.samples, one_line(why));
  if (!c.stopped.empty()) fmt::print("  {} after {:.1f} s; seed {}\n", one_line(c.stopped), c.seconds, c.seed);
  if (!c.failure.empty()) fmt::print("  FAILED: {}\n", one_line(c.failure));
  fmt::print("  smallest effect {:.3g} %\n\n", 100 * rules.smallest_effect);
}

void print_comparison(const Comparison& all) {
  if (!all.warning.empty()) fmt::print("WEAKER: {}\n\n", one_line(all.warning));
  for (const CaseComparison& c : all.cases) print_case(c, all.rules);
  if (all.cases.size() > 1) {
    fmt::print("{} cases; intervals are corrected for as many comparisons (Bonferroni)\n", all.cases.size());
  }
  if (const auto alarms = all.aa_false_alarms()) fmt::print("A/A controls called FASTER or SLOWER: {}\n", *alarms);
}

}  // namespace

Comparison compare(const CompareOptions& options) {
  const bool saved = is_saved_run(options.a), binaries = is_binary(options.a);
  if (saved != is_saved_run(options.b) || binaries != is_binary(options.b)) {
    throw BadInput("{} and {} are not of one kind: two variants or loops, two bitproof binaries, or two run.json files",
                   options.a, options.b);
  }
  if (saved) {
    const SavedRun a{options.a, read_file(options.a)}, b{options.b, read_file(options.b)};  // A's faults are told first
    return compare_saved(a, b, {.smallest_effect = options.smallest_effect / 100}, options.filter, options.force);
  }
  return binaries ? compare_processes("builds", builds_to_compare(options), options)
                  : compare_processes("variants", variants_to_compare(options), options);
}

int compare_command(const CompareOptions& options) {
  for (const auto& [option, value] :
       {std::pair("--smallest-effect", options.smallest_effect), std::pair("--width", options.width)}) {
    if (!(value > 0 && value <= 100)) throw BadInput("{} {}: a share in percent, above 0", option, value);
  }
  const Comparison all = compare(options);
  if (options.json) {
    Json j = to_json(all);
    j["seed"] = options.seed;
    fmt::print("{}\n", j.dump(1));
  } else {
    print_comparison(all);
  }
  if (interrupted()) return kInterrupted;
  return all.any(Effect::slower) || all.any_failure() ? kFailed : kOk;
}

void add_compare(CommandLine& line) {
  auto [sub, o] = line.add("compare", "two variants, two builds or two saved runs: FASTER, SLOWER, SAME or AMBIGUOUS",
                           compare_command);
  sub.option("a", o.a, "a variant, loop/<recipe>, a path to a bitproof binary, or a run.json").required();
  sub.option("b", o.b, "what is compared with it, of the same kind").required();
  sub.option("--case", o.cases, "of kernels; may be repeated (default: those of the suite for their op)");
  sub.option("--of", o.of, "of builds: a variant or loop/<recipe>; may be repeated (default: all of the suite)");
  sub.option("--suite", o.suite, "suite name or file with [[benchmarks]]");
  sub.option("--filter", o.filter, "of the suite or the saved runs: part of a name");
  sub.option("--threads", o.threads, "threads (default: 1 for kernels, all cores for loops)").threads();
  sub.flag("--hot", o.hot, "kernels: one copy of the weights, found in the caches");
  sub.option("--model", o.model, "of loops");
  sub.option("--depth", o.depth, "of loops: positions before the first token").positions();
  sub.option("--smallest-effect", o.smallest_effect, "percent; a change below it does not matter");
  sub.option("--width", o.width, "percent; a case is done when its interval is no wider");
  sub.option("--budget", o.budget, "of a case: 90s, 5m or 1h");
  sub.option("--seed", o.seed, "of the order of arms");
  sub.flag("--force", o.force, "saved runs: also of different machines, labelled so");
  sub.option("--delay-b", o.delay_percent, "percent; slows B by as much, to see whether it is noticed");
  sub.json(o.json);
  sub.examples({"bitproof compare residual_add/scalar residual_add/autovec --case cols=64 --hot --budget 1s"});
}

}  // namespace bitproof
