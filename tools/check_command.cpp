#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "random_cases.hpp"
#include "steps.hpp"
#include "suites.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

// What to check: one case; or suites and random cases, as asked for; or the default of both.
struct Choice {
  std::vector<Case> cases;
  std::int64_t random = 0;  // of each op
};

Choice choose(const CheckOptions& options) {
  if (options.one_case) {
    const std::size_t slash = options.filter.find('/');
    if (slash == std::string::npos) {
      throw BadInput("--case needs a variant before it: bitproof check op/variant --case ...");
    }
    return {{parse_case(options.filter.substr(0, slash), *options.one_case)}, 0};
  }
  const bool by_default = options.suites.empty() && !options.random;
  Choice choice;
  choice.cases = read_suites(by_default ? std::vector<std::string>{"edges", "seed_shapes"} : options.suites).cases;
  choice.random = by_default ? kRandomCasesByDefault : options.random.value_or(0);
  const std::vector<Case> drawn = random_cases(choice.random, options.seed);
  choice.cases.insert(choice.cases.end(), drawn.begin(), drawn.end());
  return choice;
}

void print_summary(const CheckSummary& s) {
  for (const CheckResult& f : s.failures) {
    fmt::print("{} {}\n  {}\n  replay: {}\n", name(f.verdict.status), f.id, f.verdict.reason, f.repro);
  }
  for (const auto& [id, why] : s.skipped_variants) fmt::print("SKIPPED {}: {}\n", id, why);
  fmt::print("{} cases on {} variants: {} passed, {} failed, {} mistrusted, {} fallback, {} variants skipped\n",
             s.cases, s.passed_by_variant.size(), s.passed, s.failed, s.mistrusted, s.fallback, s.skipped);
}

}  // namespace

int check_command(const CheckOptions& options) {
  const Choice choice = choose(options);
  CheckSummary summary =
      check_with_progress(choice.cases, options.filter, options.here || options.one_case.has_value());
  shrink_random_failures(summary);
  if (options.json) {
    Json j = to_json(summary);
    j["random_cases_per_op"] = choice.random;
    j["random_seed"] = options.seed;
    j["partial"] = interrupted();
    fmt::print("{}\n", j.dump(2));
  } else {
    print_summary(summary);
    if (choice.random) fmt::print("  among them {} random cases of each op, seed {}\n", choice.random, options.seed);
  }
  if (interrupted()) return kInterrupted;
  if (summary.passed + summary.failed + summary.mistrusted + summary.fallback == 0) {
    note("bitproof check: no case ran: nothing is proven");
  }
  return summary.ok() ? kOk : kFailed;
}

void add_check(CommandLine& line) {
  auto [sub, o] = line.add("check", "variants against the Eigen oracles, and against themselves", check_command);
  sub.option("filter", o.filter, "a variant id, or part of several");
  sub.option("--suite", o.suites, "suite name or file; may be repeated (default: edges, seed_shapes)");
  sub.option("--random", o.random, "random cases of each op, shrunk when they fail; without --suite nothing else")
      .between(0, 1'000'000);
  sub.option("--seed", o.seed, "of the random cases");
  sub.option("--case", o.one_case, "one case, as a repro line has it: rows=8,cols=64,...");
  sub.flag("--here", o.here,
           "in this process, as --case does: for a debugger, and for sanitizers, which report as it ends");
  sub.json(o.json);
  sub.examples({"bitproof check rms_norm/ --suite smoke", "bitproof check ternary_matmul/scalar --random 5 --seed 7"});
}

}  // namespace bitproof
