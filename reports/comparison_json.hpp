// Comparisons as JSON, and the samples that a process hands to the one that started it.
#pragma once

#include "comparison.hpp"
#include "reports/json.hpp"

namespace bitproof {

Json to_json(const SampleState& s);
Json to_json(const TimedBatch& batch);
// What to_json wrote, perhaps in another build. Throws nlohmann's exceptions on anything else.
TimedBatch batch_from_json(const Json& j);

Json to_json(const RatioVerdict& r);
Json to_json(const CaseComparison& c);  // with every sample
Json to_json(const Comparison& c);

}  // namespace bitproof
