// What a comparison means to a CI job: whether this build may pass, and why, in forms that CI systems show.
#pragma once

#include <string>
#include <vector>

#include "comparison.hpp"

namespace bitproof {

enum class AmbiguousPolicy { warn, fail, ignore };
AmbiguousPolicy parse_ambiguous_policy(const std::string& word);  // throws BadInput

struct Regression {
  Comparison comparison;
  std::vector<std::string> failures;  // of this build, beside those of the cases: checks and gates, one line each
  AmbiguousPolicy ambiguous = AmbiguousPolicy::warn;
  std::string repro;  // the command that does it again

  // SLOWER in any case, a failure, nothing compared at all, or AMBIGUOUS where the policy says so.
  bool failed() const;
};

// A comment for a pull request: the answer, then a table of what is not SAME, then the rest folded away. GitHub takes
// kCommentBytes; rows that would not fit are counted, SAME first.
inline constexpr std::size_t kCommentBytes = 65'536;
std::string regression_markdown(const Regression& r);

// One test case a case. AMBIGUOUS is skipped under `warn`, a failure under `fail` and passes under `ignore`.
std::string regression_junit(const Regression& r);

}  // namespace bitproof
