// Attribution, and the agreement of logits that it rests on, as JSON.
#pragma once

#include "attribution.hpp"
#include "gates.hpp"
#include "reports/json.hpp"

namespace bitproof {

Json to_json(const RatioEstimate& r);
Json to_json(const Attribution& a, std::int64_t depth);
Json to_json(const LogitsAgreement& a);

}  // namespace bitproof
