#include "reports/regression.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "error.hpp"

namespace bitproof {

AmbiguousPolicy parse_ambiguous_policy(const std::string& word) {
  if (word == "warn") return AmbiguousPolicy::warn;
  if (word == "fail") return AmbiguousPolicy::fail;
  if (word == "ignore") return AmbiguousPolicy::ignore;
  throw BadInput("--ambiguous {}: warn, fail or ignore", word);
}

bool Regression::failed() const {
  const bool decided_badly = comparison.any(Effect::slower) || comparison.any_failure() || !failures.empty();
  return decided_badly || comparison.cases.empty() ||
         (ambiguous == AmbiguousPolicy::fail && comparison.any(Effect::ambiguous));
}

}  // namespace bitproof
