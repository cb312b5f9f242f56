// From variants and cases to verdicts, and from a passed set of cases to Cleared.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "case.hpp"
#include "cleared.hpp"
#include "problem.hpp"
#include "recipe.hpp"
#include "verdict.hpp"

namespace bitproof {

struct CheckResult {
  std::string id;  // variant
  Case c;
  Verdict verdict;
  std::string repro;  // one command that replays it
};

struct CheckSummary {
  std::int64_t cases = 0, passed = 0, failed = 0, mistrusted = 0, fallback = 0, skipped = 0;
  std::vector<CheckResult> failures;                    // everything but pass and skipped
  std::map<std::string, std::string> skipped_variants;  // id -> why
  std::map<std::string, std::int64_t> passed_by_variant;

  void add(const CheckResult& result);
  bool ok() const { return cases > 0 && cases == passed + skipped && passed > 0; }
};

// Runs every variant whose id contains `filter` on every case of its op; the oracle once a case, after the candidates.
// A variant that cannot run here is one skipped result. Stops early when interrupted.
CheckSummary check(std::span<const Case> cases, const std::string& filter,
                   const std::function<void(std::size_t done, std::size_t total)>& progress = {});

// The parts of it. Variants that cannot run here: skipped, or failed by what their code shows. Throws BadInput for a
// filter that matches no variant.
CheckSummary summary_without_cases(const std::string& filter);
// The others, on each case; and how many of them there are, by op.
void check_each(std::span<const Case> cases, const std::string& filter,
                const std::function<void(const CheckResult&)>& report);
std::map<std::string, std::size_t> runnable_by_op(const std::string& filter);

std::string repro(const std::string& id, const Case& c);

// The cases that a variant must pass before it may be composed or timed: tails, extremes, batches and the real sizes.
std::vector<Case> clearance_cases(const std::string& op);

// Thrown when a variant that somebody wants to time does not pass.
class NotCleared : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Writes the tickets. Remembers what it has cleared.
class Clearance {
 public:
  // Throws NotCleared with the verdict, the case and the repro line; Interrupted when stopped on the way.
  template <class Kernel>
  Cleared<Kernel> clear(const std::string& id);
  // The same for one problem more: what bench times, it has also checked at that very shape.
  template <class Kernel>
  Cleared<Kernel> clear(const std::string& id, Problem<Kernel>& problem, const Case& c);

  Recipe clear(const RecipeNames& names);

  std::int64_t cases() const { return cases_; }

 private:
  std::map<std::string, bool> cleared_;
  std::int64_t cases_ = 0;
};

}  // namespace bitproof
