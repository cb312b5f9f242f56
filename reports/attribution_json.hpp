// Attribution, what stands beside it, and the agreement of logits that it rests on, as JSON.
#pragma once

#include <span>

#include "attribution.hpp"
#include "gates.hpp"
#include "prediction.hpp"
#include "reports/json.hpp"
#include "scaling.hpp"

namespace bitproof {

Json to_json(const RatioEstimate& r);
Json to_json(const ContrastEstimate& e);  // of log rates: as a ratio
Json to_json(const LogitsAgreement& a);

// predictions: one a technique, or empty, and `predictions_why` says why.
Json to_json(const Attribution& a, std::int64_t depth, std::span<const Prediction> predictions = {},
             const std::string& predictions_why = "no micro-benchmarks were run for it");

// Where a token's time goes: ops in the order of a layer, what of it is threads being started and waited for, the clock
// and the residual. region_ns: of one parallel region that does nothing, with the threads of the cell; none if not
// measured.
Json profile_json(const Cell& cell, const std::optional<double>& region_ns);

Json scaling_json(std::span<const ScalePoint> points, std::span<const ScaleModel> model, const std::string& model_why);
Json memory_json(const CellMemory& m);

// A cell in short: its rate with every sample, its bytes and its evidence.
Json cell_summary(const Cell& cell, const CeilingTable& ceilings);

}  // namespace bitproof
