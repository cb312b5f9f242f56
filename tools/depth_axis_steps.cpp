#include "depth_axis_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>
#include <sstream>

#include "attribution.hpp"
#include "depth_axis.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "open_model.hpp"
#include "reports/attribution_json.hpp"
#include "reports/file.hpp"
#include "reports/lattice_file.hpp"
#include "steps.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

constexpr int kDepthRounds = 3;

void put_ratio_at(Json& j, const std::string& key, const std::optional<RatioEstimate>& r, const std::string& why) {
  put(j, key, r ? std::optional(r->geometric_mean) : std::nullopt, why);
  if (r) j[key + "_detail"] = to_json(*r);
}

Json axis_json(const DepthAxis& axis) {
  Json points = Json::array();
  for (const DepthPoint& p : axis.points) {
    Json j{{"depth", p.depth}};
    put_ratio_at(j, "with_simd", p.fast, "interrupted before both were measured");
    put_ratio_at(j, "scalar", p.scalar,
                 fmt::format("deeper than {} positions scalar recomputation is modelled", kMostScalarDepth));
    put(j, "scalar_modelled", p.modelled, p.scalar ? "it was measured" : "no model: it takes two measured depths");
    points.push_back(std::move(j));
  }
  Json j{{"points", points}, {"fitted_on_depths", axis.fitted_on}, {"held_out_depth", kHeldOutDepth}};
  j["fitted_points"] = Json::array();
  for (const RecomputeTime& t : axis.fitted) {
    j["fitted_points"].push_back({{"positions", t.positions},
                                  {"token_ns", t.total_ns()},
                                  {"head_ns", t.head_ns},
                                  {"attention_ns", t.attention_ns},
                                  {"rest_ns", t.rest_ns}});
  }
  put(j, "held_out_error", axis.held_out_error, "no model, or its held-out depth was not measured");
  j["provenance"] = {
      {"with_simd", "measured: tok/s with the cache over recomputation, both with SIMD, threads and pool"},
      {"scalar", "measured: the same, scalar on one thread"},
      {"scalar_modelled",
       "modelled: head once, positions and pairs of positions in proportion, fitted to the measured "
       "tokens of fitted_on_depths; over the measured token with the cache"},
      {"fitted_points", "measured: a mean token of each of those depths, by what grows alike"},
      {"held_out_error", "derived: modelled over measured at the held-out depth, less 1"}};
  return j;
}

}  // namespace

std::vector<std::int64_t> parse_depths(const std::string& text, const std::string& model) {
  std::set<std::int64_t> depths;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    std::int64_t depth = 0;
    const auto [end, error] = std::from_chars(item.data(), item.data() + item.size(), depth);
    if (error != std::errc{} || end != item.data() + item.size() || depth < 1) {
      throw BadInput("--depths '{}': write positions joined by commas, as 4,16,64", text);
    }
    shape_for({.model = model, .depth = depth});
    depths.insert(depth);
  }
  if (depths.empty()) throw BadInput("--depths: empty; write positions joined by commas, as 4,16,64");
  if (*depths.begin() < kHeldOutDepth && *depths.rbegin() > kHeldOutDepth) depths.insert(kHeldOutDepth);
  return {depths.begin(), depths.end()};
}

Json measure_depth_axis(const std::vector<std::int64_t>& depths, const AttributeOptions& options, int threads,
                        std::vector<std::string>& failures) {
  Clearance clearance;
  std::map<std::int64_t, std::vector<Cell>> by_depth;
  std::shared_ptr<const PackedModel> weights;
  for (const std::int64_t depth : depths) {
    if (interrupted()) break;
    const int rounds = options.rounds > 0 ? options.rounds : kDepthRounds;
    LatticePlan plan{.lattice = depth_lattice(),
                     .cells = depth_cells(depth),
                     .model = options.model,
                     .depth = depth,
                     .threads = threads,
                     .seed = options.seed,
                     .activation = activation_named(options.act),
                     .rounds = rounds,
                     .most_rounds = rounds,
                     .budget_s = 1e9,
                     .beside = false,
                     .tries_loops = depth == depths.front(),
                     .weights = weights};
    LatticeRun run(plan, choose_threads(0, false));
    const std::string file = options.resume.empty() ? "" : fmt::format("{}.depth{}", options.resume, depth);
    if (!file.empty() && std::filesystem::exists(file)) {
      SavedLattice saved = parse_lattice_file(read_file(file), file, plan);
      run.resume(std::move(saved.cells), saved.spent_s);
    }
    {
      ProgressLine progress(fmt::format("with and without a cache at depth {}", depth));
      run.measure(clearance, {.set_up = [&](double) { progress.update(0, "generating and packing weights"); },
                              .progress =
                                  [&](const LatticeProgress& p) {
                                    progress.update(static_cast<double>(p.round - 1) / rounds, p.label);
                                  },
                              .after_cell =
                                  [&] {
                                    if (!file.empty()) write_file(file, lattice_text(run));
                                  }});
    }
    if (run.bench() && !weights) weights = run.bench()->weights();
    by_depth[depth] = run.cells();
  }
  Json axis = axis_json(depth_axis(by_depth));
  std::vector<Cell> all;
  for (const auto& [_, cells] : by_depth) all.insert(all.end(), cells.begin(), cells.end());
  const CeilingTable ceilings = ceilings_beside(all, threads, options.ceiling_rounds);
  for (const auto& [depth, cells] : by_depth) {
    for (const Cell& cell : cells) {
      for (const std::string& fault : faults(cell, ceilings))
        failures.push_back(fmt::format("depth {}: {}", depth, fault));
    }
  }
  if (const std::string why = other_work(all); !why.empty()) axis["samples_why"] = why;
  return axis;
}

}  // namespace bitproof
