// The results of a run as one flat list: what exports write, a history keeps and a baseline is held against. Everything
// is a time in ns, of one operation or of one token, so smaller is better throughout.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/json.hpp"

namespace bitproof {

struct Summary {  // ns
  double median, ci_low, ci_high, min, p5, p95;
};

struct RunCase {
  std::string name{};     // the same in every run that measures the same
  std::string kind{};     // "bench", or "loop": one token of the whole model
  std::string variant{};  // or recipe
  std::string detail{};   // what was measured: shape, model, depth
  std::int64_t threads = 1;
  std::string memory{};  // "hot" or "cold"; "" for loops
  std::string state{};   // placement: A, B, one state, mixed, unknown
  std::optional<Summary> ns{};
  std::vector<double> samples{};           // ns, in the order they were taken
  std::vector<double> cpu_ns{};            // CPU time beside each sample; empty: it was not kept
  std::vector<std::int64_t> operations{};  // that each sample is the average of; empty: they were not kept
  std::optional<double> gb_per_s{}, gop_per_s{};
  std::string why{};     // why there is no number
  bool skipped = false;  // it cannot run here: no number, and no fault
};

// Every microbenchmark, then every arm, in the order of the run. What was measured but is no evidence (IMPOSSIBLE, a
// ledger that does not add up) has no number either. Throws BadInput for a run that is not sound: a time that is not
// positive, no samples, another count of them than it says, two results of one name; Json::exception where something
// that its schema promises is missing.
std::vector<RunCase> run_cases(const Json& run);

}  // namespace bitproof
