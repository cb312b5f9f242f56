#include "state_levels.hpp"

#include <cmath>
#include <map>

namespace bitproof {
namespace {

struct StateSums {
  double n[2] = {}, sum[2] = {};
};

StateSums sums_of(const std::vector<double>& y, const std::vector<int>& state) {
  StateSums s;
  for (std::size_t r = 0; r < y.size(); ++r) {
    if (std::isnan(y[r]) || state[r] < 0) continue;
    s.n[state[r]] += 1;
    s.sum[state[r]] += y[r];
  }
  return s;
}

}  // namespace

CellRounds level_states(CellRounds y, const std::vector<std::vector<int>>& state, const std::vector<int>& kind) {
  std::map<int, double> weighted, weights;
  double seen[2] = {};
  for (std::size_t i = 0; i < y.size(); ++i) {
    const StateSums s = sums_of(y[i], state[i]);
    seen[0] += s.n[0];
    seen[1] += s.n[1];
    if (s.n[0] == 0 || s.n[1] == 0) continue;
    const double w = s.n[0] * s.n[1] / (s.n[0] + s.n[1]);
    weighted[kind[i]] += w * (s.sum[1] / s.n[1] - s.sum[0] / s.n[0]);
    weights[kind[i]] += w;
  }
  if (seen[0] == 0 || seen[1] == 0) return y;
  const double share = seen[1] / (seen[0] + seen[1]);
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!weights.contains(kind[i])) continue;
    const double effect = weighted[kind[i]] / weights[kind[i]];
    for (std::size_t r = 0; r < y[i].size(); ++r) {
      if (state[i][r] >= 0) y[i][r] += (share - state[i][r]) * effect;
    }
  }
  return y;
}

}  // namespace bitproof
