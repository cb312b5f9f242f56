#include <fmt/format.h>

#include "check.hpp"
#include "zoo/fault.hpp"

namespace bitproof::zoo {
namespace {

// As `bitproof check` sums up.
Kill check_all(const std::vector<Case>& cases) {
  const CheckSummary summary = check(cases, "ternary_matmul/scalar");
  if (summary.ok()) return {};
  return {"zero cases", fmt::format("{} of {} cases passed", summary.passed, summary.cases)};
}

Case case_of(const char* op, std::uint64_t seed) { return {.op = op, .rows = 8, .cols = 64, .seed = seed}; }

}  // namespace
BITPROOF_FAULT(
        .lie = "no failure was found, because no case of the suite is of this op",
        .planted = [](std::uint64_t seed) { return check_all({case_of("rope", seed)}); },
        .clean = [](std::uint64_t seed) { return check_all({case_of("ternary_matmul", seed)}); })
}  // namespace bitproof::zoo
