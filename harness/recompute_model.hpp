// The time of a token whose whole prefix is computed again, by the number of positions: fitted to measured tokens, for
// depths at which measuring one with scalar code would take hours. What it says is modelled, and it must first be right
// about a depth that it has not seen.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitproof {

struct Cell;

// A measured token of `positions` positions, taken apart by its profile.
struct RecomputeTime {
  std::int64_t positions;
  double head_ns;       // once a token: head and sampling
  double attention_ns;  // every position with all before it: grows as p (p + 1) / 2
  double rest_ns;       // every position alike: grows as p

  double total_ns() const { return head_ns + attention_ns + rest_ns; }
};
RecomputeTime recompute_time(const Cell& cell);

struct RecomputeModel {
  double head_ns, attention_pair_ns, position_ns;

  double token_ns(std::int64_t positions) const;
};

// Each coefficient by least squares of relative errors. At least one time.
RecomputeModel fit(std::span<const RecomputeTime> times);

// Predicted over measured, less 1.
double relative_error(const RecomputeModel& model, const RecomputeTime& held_out);

}  // namespace bitproof
