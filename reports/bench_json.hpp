// Microbenchmarks as JSON.
#pragma once

#include <span>
#include <vector>

#include "microbench.hpp"
#include "reports/json.hpp"

namespace bitproof {

// The physics gate on one result; what has no number is not judged.
Judgement judge(const BenchResult& r, const CeilingTable& ceilings);

Json to_json(const BenchResult& r, const CeilingTable& ceilings);

// All of them, with speedup and efficiency over the same case on one thread where there is one.
Json to_json(std::span<const BenchResult> results, const CeilingTable& ceilings);

// One line each: what did not pass, and what no machine like this one can do. Skipped rows are no faults.
std::vector<std::string> faults(std::span<const BenchResult> results, const CeilingTable& ceilings);

}  // namespace bitproof
