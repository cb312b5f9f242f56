#include <fmt/format.h>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "reports/json.hpp"
#include "suite.hpp"
#include "suites.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

std::vector<Case> chosen_cases(const CheckOptions& options) {
  if (!options.one_case.empty()) {
    const std::size_t slash = options.filter.find('/');
    if (slash == std::string::npos) throw BadInput("--case needs a variant before it: bitproof check op/variant --case ...");
    return {parse_case(options.filter.substr(0, slash), options.one_case)};
  }
  std::vector<Case> cases;
  const std::vector<std::string> names =
      options.suites.empty() ? std::vector<std::string>{"edges", "seed_shapes"} : options.suites;
  for (const std::string& name : names) {
    const Suite suite = read_suite(suite_path(name));
    cases.insert(cases.end(), suite.cases.begin(), suite.cases.end());
  }
  return cases;
}

}  // namespace

int check_command(const CheckOptions& options) {
  const std::vector<Case> cases = chosen_cases(options);
  CheckSummary summary;
  {
    ProgressLine progress("checking");
    summary = check(cases, options.filter, [&](std::size_t done, std::size_t total) {
      progress.update(static_cast<double>(done) / static_cast<double>(total), fmt::format("{} of {}", done, total));
    });
  }
  if (options.json) {
    fmt::print("{}\n", to_json(summary).dump(2));
  } else {
    for (const CheckResult& f : summary.failures) {
      fmt::print("{} {}\n  {}\n  replay: {}\n", name(f.verdict.status), f.id, f.verdict.reason, f.repro);
    }
    for (const auto& [id, why] : summary.skipped_variants) fmt::print("SKIPPED {}: {}\n", id, why);
    fmt::print("{} cases on {} variants: {} passed, {} failed, {} mistrusted, {} fallback, {} variants skipped\n",
               summary.cases, summary.passed_by_variant.size(), summary.passed, summary.failed, summary.mistrusted,
               summary.fallback, summary.skipped);
  }
  if (interrupted()) return kInterrupted;
  if (summary.cases == 0 || summary.passed == 0) note("bitproof check: no case ran: nothing is proven");
  return summary.ok() ? kOk : kFailed;
}

}  // namespace bitproof
