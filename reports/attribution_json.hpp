// Attribution and microbenchmarks as JSON.
#pragma once

#include "attribution.hpp"
#include "microbench.hpp"
#include "reports/json.hpp"

namespace bitproof {

Json to_json(const RatioEstimate& r);
Json to_json(const Attribution& a, std::int64_t depth);
Json to_json(const BenchResult& r, const CeilingTable& ceilings);

}  // namespace bitproof
