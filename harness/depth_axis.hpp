// What a cache of keys and values is worth by the length of the context: with everything else as fast as it gets, and
// with scalar code, whose recomputation is measured at small depths and modelled beyond.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lattice_run.hpp"
#include "recompute_model.hpp"

namespace bitproof {

inline constexpr std::int64_t kMostScalarDepth = 16;  // deeper, a scalar token of the 7B takes minutes to hours
inline constexpr std::int64_t kHeldOutDepth = 8;      // measured, never fitted to

// Two factors: kv_cache, and the rest of the best recipe together.
Lattice depth_lattice();

// The recipes to be measured at a depth: all four, or all but scalar recomputation.
std::vector<std::size_t> depth_cells(std::int64_t depth);

struct DepthPoint {
  std::int64_t depth;
  std::optional<RatioEstimate> fast{};    // tok/s with the cache over without, measured with SIMD, threads and pool
  std::optional<RatioEstimate> scalar{};  // measured with none of them
  std::optional<double> modelled{};       // the scalar one, where only its cached token was measured
};

struct DepthAxis {
  std::vector<DepthPoint> points;
  std::vector<std::int64_t> fitted_on;     // depths; empty: no model
  std::vector<RecomputeTime> fitted{};     // the tokens measured there
  std::optional<double> held_out_error{};  // of the model at kHeldOutDepth, relative
};

// Cells of depth_lattice by depth. The model is fitted on two depths at least, the held-out one not among them.
DepthAxis depth_axis(const std::map<std::int64_t, std::vector<Cell>>& by_depth);

}  // namespace bitproof
