// Is this build slower than another? For CI jobs: `check` against the binary of a base build (the strong way: both run
// side by side), or against the run file that `save` wrote on this machine earlier.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "reports/bench_json.hpp"
#include "reports/comparison_json.hpp"
#include "reports/file.hpp"
#include "reports/regression.hpp"
#include "reports/run_file.hpp"
#include "reports/saved_runs.hpp"
#include "shell_words.hpp"
#include "steps.hpp"
#include "suites.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

// With every option that is not its default; suite and seed in any case.
std::string repro(const BaselineOptions& o) {
  const BaselineOptions usual;
  std::string line =
      fmt::format("bitproof baseline {} {} --suite {}", o.action, shell_word(o.base), shell_word(o.suite));
  const auto add = [&](const char* option, const auto& value, const auto& otherwise) {
    if (value != otherwise) line += fmt::format(" {} {}", option, shell_word(fmt::format("{}", value)));
  };
  add("--filter", o.filter, usual.filter);
  add("--threads", o.threads, usual.threads);
  add("--smallest-effect", o.smallest_effect, usual.smallest_effect);
  add("--width", o.width, usual.width);
  add("--ceiling-rounds", o.ceiling_rounds, usual.ceiling_rounds);
  add("--budget", o.budget, usual.budget);
  add("--ambiguous", o.ambiguous, usual.ambiguous);
  add("--markdown", o.markdown, usual.markdown);
  add("--junit", o.junit, usual.junit);
  line += fmt::format(" --seed {}", o.seed);
  return o.json ? line + " --json" : line;
}

// The benchmarks of the suite on this build, as a run file.
Json measured_run(const BaselineOptions& options) {
  const Suite suite = read_suites({options.suite});
  if (suite.benchmarks.empty()) throw BadInput("--suite {}: has no [[benchmarks]]", options.suite);
  const int threads = choose_threads(options.threads, false);
  Json run{{"schema", kSchema},
           {"partial", true},
           {"suite", options.suite},
           {"command", repro(options)},
           {"started", utc_now()}};
  run["machine"] = to_json(read_machine());
  Clearance clearance;
  const std::vector<BenchResult> results =
      bench_with_progress(suite.benchmarks, options.filter, threads, {}, clearance,
                          {.width = options.width / 100, .budget_s = parse_budget_s(options.budget)});
  const CeilingTable ceilings = ceilings_beside(results, threads, options.ceiling_rounds);
  run["ceilings"] = to_json(ceilings);
  run["bench"] = to_json(results, ceilings);
  run["failures"] = faults(results, ceilings);
  run["partial"] = interrupted();
  return run;
}

int save(const BaselineOptions& options) {
  const Json run = measured_run(options);
  for (const Json& f : run["failures"]) note("FAILED: " + f.get<std::string>());
  if (interrupted()) return kInterrupted;  // half a baseline would pass what the other half would not
  write_file(options.base, run.dump(1) + "\n");
  const std::size_t results = run["bench"].size();
  if (options.json) {
    fmt::print("{}\n", Json{{"saved", options.base}, {"results", results}, {"failures", run["failures"]}}.dump(2));
  } else {
    fmt::print("saved: {}, {} results\n", options.base, results);
  }
  return run["failures"].empty() ? kOk : kFailed;
}

// Refused before anything is measured: hours later it would be no better.
std::string text_of_baseline(const std::string& path) {
  const std::string text = read_file(path);
  const std::string theirs = sound_run(text, path)["machine"]["fingerprint"], ours = read_machine().fingerprint();
  if (theirs != ours) {
    throw BadInput(
        "{}: of another machine or compiler (fingerprint {}, here {}): save one here, or check against a base binary",
        path, theirs, ours);
  }
  return text;
}

Regression check_against_file(const BaselineOptions& options) {
  const std::string base = text_of_baseline(options.base);
  const Json run = measured_run(options);
  Regression r;
  r.failures = run["failures"].get<std::vector<std::string>>();
  r.comparison = compare_saved({options.base, base}, {"this build", run.dump()},
                               {.smallest_effect = options.smallest_effect / 100}, options.filter, false);
  r.comparison.partial = interrupted();
  return r;
}

Regression check_against_binary(const BaselineOptions& options) {
  if (!std::filesystem::is_regular_file(options.base) || access(options.base.c_str(), X_OK) != 0) {
    throw BadInput("{}: neither a bitproof binary nor a FILE.json of `bitproof baseline save`", options.base);
  }
  CompareOptions o;
  o.a = std::filesystem::absolute(options.base);
  o.b = std::filesystem::read_symlink("/proc/self/exe");
  o.suite = options.suite;
  o.filter = options.filter;
  o.threads = options.threads;
  o.smallest_effect = options.smallest_effect;
  o.width = options.width;
  o.budget = options.budget;
  o.seed = options.seed;
  Regression r;
  r.comparison = compare(o);
  return r;
}

int check(const BaselineOptions& options) {
  const AmbiguousPolicy policy = parse_ambiguous_policy(options.ambiguous);
  Regression r = options.base.ends_with(".json") ? check_against_file(options) : check_against_binary(options);
  r.ambiguous = policy;
  r.repro = repro(options);
  const std::string page = regression_markdown(r);
  if (!options.markdown.empty()) write_file(options.markdown, page);
  if (!options.junit.empty()) write_file(options.junit, regression_junit(r));
  if (options.json) {
    Json j = to_json(r.comparison);
    for (const std::string& f : r.failures) j["failures"].push_back(f);
    j["ambiguous"] = options.ambiguous;
    j["failed"] = r.failed();
    fmt::print("{}\n", j.dump(1));
  } else {
    fmt::print("{}", page);
  }
  if (interrupted()) return kInterrupted;
  return r.failed() ? kFailed : kOk;
}

}  // namespace

int baseline_command(const BaselineOptions& options) {
  for (const auto& [option, value] :
       {std::pair("--smallest-effect", options.smallest_effect), std::pair("--width", options.width)}) {
    if (!(value > 0 && value <= 100)) throw BadInput("{} {}: a share in percent, above 0", option, value);
  }
  parse_budget_s(options.budget);
  return options.action == "save" ? save(options) : check(options);
}

void add_baseline(CommandLine& line) {
  auto [sub, o] =
      line.add("baseline", "for CI: is this build slower than a base build, or than a saved run?", baseline_command);
  sub.option("action", o.action, "save, or check").one_of({"save", "check"}).required();
  sub.option("base", o.base, "FILE.json of save; or for check, better, the bitproof binary of the base build")
      .required();
  sub.option("--suite", o.suite, "suite name or file with [[benchmarks]]");
  sub.option("--filter", o.filter, "part of a name");
  sub.option("--threads", o.threads, "most threads (default: physical cores)").threads();
  sub.option("--smallest-effect", o.smallest_effect, "percent; a change below it does not matter");
  sub.option("--width", o.width, "percent; a case is done when its interval is no wider");
  sub.ceiling_rounds(o.ceiling_rounds);
  sub.option("--budget", o.budget, "of a case: 90s, 5m or 1h");
  sub.option("--ambiguous", o.ambiguous, "cases that are neither").one_of({"warn", "fail", "ignore"});
  sub.option("--markdown", o.markdown, "write the answer to a file too, to comment a pull request with");
  sub.option("--junit", o.junit, "write JUnit XML to a file");
  sub.option("--seed", o.seed, "of the order of arms");
  sub.json(o.json);
  sub.examples({"bitproof baseline save base.json --suite smoke --filter memory/ --budget 0.1s"});
}

}  // namespace bitproof
