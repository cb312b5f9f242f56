// What each technique earned in a run, in words that a reader may quote: the answer of every report.
#pragma once

#include <string>
#include <vector>

#include "reports/json.hpp"

namespace bitproof {

struct Earning {
  std::string technique;
  std::string verdict;   // EARNED, COST, no effect shown, NOT ENGAGED, IMPOSSIBLE, not judged, not measured
  std::string sentence;  // the whole of it: "simd: 38.2x [21, 69.6] tokens per second when it is all that is on."
  bool earned = false;
};
std::vector<Earning> earnings(const Json& run);

// EARNED and COST: the interval of `alone` leaves out 1.
std::string credit_verdict(const Json& technique);

}  // namespace bitproof
