#include "depth_axis.hpp"

#include <algorithm>

#include "attribution.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kScalar = 0, kScalarCached = 1, kFast = 2, kFastCached = 3;

const Cell* measured(const std::vector<Cell>& cells, std::size_t index) {
  const auto found = std::ranges::find_if(cells, [&](const Cell& c) { return c.index == index && c.measured(); });
  return found == cells.end() ? nullptr : &*found;
}

std::optional<RatioEstimate> cached_over(const std::vector<Cell>& cells, std::size_t cached, std::size_t recomputed) {
  Contrast contrast(4);
  contrast[cached] = 1;
  contrast[recomputed] = -1;
  const auto e = estimate(contrast, log_rates(cells, 4));
  if (!e) return std::nullopt;
  return as_ratio(*e, paired_ratios(*measured(cells, cached), *measured(cells, recomputed)));
}

}  // namespace

Lattice depth_lattice() {
  const Techniques rest = parse_recipe("default").without(Technique::kv_cache);
  Factor cache = technique_lattice().factors[static_cast<std::size_t>(Technique::kv_cache)];
  return {.name = "depth",
          .factors = {
              cache,
              {.name = "memory_pool,simd,threading", .levels = {{.name = "off"}, {.name = "on", .techniques = rest}}}}};
}

std::vector<std::size_t> depth_cells(std::int64_t depth) {
  if (depth <= kMostScalarDepth) return {kScalar, kScalarCached, kFast, kFastCached};
  return {kScalarCached, kFast, kFastCached};
}

DepthAxis depth_axis(const std::map<std::int64_t, std::vector<Cell>>& by_depth) {
  DepthAxis axis{.points = {}, .fitted_on = {}};
  std::vector<RecomputeTime> times;
  for (const auto& [depth, cells] : by_depth) {
    const Cell* scalar = measured(cells, kScalar);
    if (!scalar || depth == kHeldOutDepth) continue;
    times.push_back(recompute_time(*scalar));
    axis.fitted_on.push_back(depth);
  }
  std::optional<RecomputeModel> model;
  if (times.size() < 2) {
    axis.fitted_on.clear();
  } else {
    model = fit(times);
    axis.fitted = times;
  }
  for (const auto& [depth, cells] : by_depth) {
    DepthPoint p{.depth = depth,
                 .fast = cached_over(cells, kFastCached, kFast),
                 .scalar = cached_over(cells, kScalarCached, kScalar)};
    const Cell* cached = measured(cells, kScalarCached);
    if (model && cached && !p.scalar) p.modelled = model->token_ns(depth + 1) / cached->wall_ns();
    if (const Cell* scalar = measured(cells, kScalar); model && scalar && depth == kHeldOutDepth) {
      axis.held_out_error = relative_error(*model, recompute_time(*scalar));
    }
    axis.points.push_back(std::move(p));
  }
  return axis;
}

}  // namespace bitproof
