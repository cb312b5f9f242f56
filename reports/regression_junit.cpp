#include <fmt/format.h>

#include "reports/junit_writer.hpp"
#include "reports/regression.hpp"

namespace bitproof {
namespace {

using Outcome = JunitCase::Outcome;

Outcome outcome_of(const CaseComparison& c, AmbiguousPolicy policy) {
  if (!c.failure.empty()) return Outcome::error;
  if (c.result.verdict == Effect::slower) return Outcome::failed;
  if (c.result.verdict != Effect::ambiguous || policy == AmbiguousPolicy::ignore) return Outcome::passed;
  return policy == AmbiguousPolicy::fail ? Outcome::failed : Outcome::skipped;
}

std::string message_of(const CaseComparison& c) {
  if (!c.failure.empty()) return c.failure;
  const RatioVerdict& r = c.result;
  if (!r.ratio) return fmt::format("{}: {}", name(r.verdict), r.why);
  return fmt::format("{}: time of this build / time of the base = {:.4f} [{:.4f}, {:.4f}]{}{}", name(r.verdict),
                     *r.ratio, r.ci_low, r.ci_high, r.why.empty() ? "" : "; ", r.why);
}

}  // namespace

std::string regression_junit(const Regression& r) {
  JunitSuite suite{"bitproof.baseline", {}}, gates{"bitproof.gates", {}};
  for (const CaseComparison& c : r.comparison.cases) {
    suite.cases.push_back({c.id, suite.name, outcome_of(c, r.ambiguous), message_of(c), c.seconds});
  }
  for (const std::string& f : r.failures) gates.cases.push_back({f, gates.name, Outcome::failed, f});
  if (r.comparison.cases.empty()) gates.cases.push_back({"cases", gates.name, Outcome::error, "nothing was compared"});
  if (r.comparison.partial)
    gates.cases.push_back({"the end", gates.name, Outcome::error, "interrupted before its end"});
  return junit_xml({suite, gates});
}

}  // namespace bitproof
