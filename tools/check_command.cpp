#include <fmt/format.h>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "steps.hpp"
#include "suites.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

std::vector<Case> chosen_cases(const CheckOptions& options) {
  if (!options.one_case) return read_suites(options.suites).cases;
  const std::size_t slash = options.filter.find('/');
  if (slash == std::string::npos) {
    throw BadInput("--case needs a variant before it: bitproof check op/variant --case ...");
  }
  return {parse_case(options.filter.substr(0, slash), *options.one_case)};
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
  const CheckSummary summary = check_with_progress(chosen_cases(options), options.filter);
  if (options.json) {
    Json j = to_json(summary);
    j["partial"] = interrupted();
    fmt::print("{}\n", j.dump(2));
  } else {
    print_summary(summary);
  }
  if (interrupted()) return kInterrupted;
  if (summary.passed + summary.failed + summary.mistrusted + summary.fallback == 0) {
    note("bitproof check: no case ran: nothing is proven");
  }
  return summary.ok() ? kOk : kFailed;
}

}  // namespace bitproof
