// What the rules share.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "error.hpp"
#include "reports/audit/audit.hpp"

namespace bitproof::audit {

inline bool credits(const Claim& c, const std::string& technique) {
  return std::find(c.credits.begin(), c.credits.end(), technique) != c.credits.end();
}

// A printed figure of a claim against a range in the bases: also with its KB, MB or GB read in powers of 1024.
struct MatchedUnits {
  Match match;
  bool binary = false;  // it fits when read so
};
inline MatchedUnits match_units(const Claim& c, const Range& r, double slack = 0) {
  const auto at = [&](double scale) { return compare(*c.value, {r.low / scale, r.high / scale}, slack / scale); };
  const Match plain = at(c.unit.scale);
  const double binary = binary_reading(c.unit_text);
  if (plain != Match::differs || binary == 1) return {plain};
  const Match read = at(c.unit.scale * binary);
  return {read, read != Match::differs};
}

// "line 77 of phase2" when it is another report than the finding's, else "line 77".
inline std::string place(const Claim& c, const Claim& from) {
  return c.report == from.report ? fmt::format("line {}", c.line) : fmt::format("line {} of {}", c.line, c.report);
}

}  // namespace bitproof::audit
