#include "lattice.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "error.hpp"

namespace bitproof {
namespace {

struct Promise {
  const char* text;
  double low, high;
};
// Of the reports under test; the pool's figure is the one that was claimed for it there.
constexpr Promise kPromised[kTechniqueCount] = {
    {"83.26 (claimed)", 83.26, 83.26},  // memory_pool
    {"4-8", 4, 8},                      // simd
    {"2-4", 2, 4},                      // threading
    {"1.2-1.5", 1.2, 1.5},              // prefetch
    {"3-5", 3, 5},                      // tmac
    {"2-3", 2, 3},                      // kv_cache
};

std::string label_of(const Lattice& lattice, const std::vector<int>& levels) {
  std::vector<std::string> on;
  bool all = true;
  for (std::size_t f = 0; f < levels.size(); ++f) {
    const Factor& factor = lattice.factors[f];
    const int last = static_cast<int>(factor.levels.size()) - 1;
    all &= levels[f] == last;
    if (levels[f] == 0) continue;
    const std::string& level = factor.levels[static_cast<std::size_t>(levels[f])].name;
    on.push_back(last == 1 ? factor.name : factor.name + "=" + level);
  }
  return on.empty() ? "none" : all ? "all" : fmt::format("{}", fmt::join(on, ","));
}

}  // namespace

LatticeShape Lattice::shape() const {
  LatticeShape levels;
  for (const Factor& f : factors) levels.push_back(static_cast<int>(f.levels.size()));
  return levels;
}

Lattice technique_lattice() {
  Lattice lattice{.name = "techniques", .factors = {}};
  for (int i = 0; i < kTechniqueCount; ++i) {
    const auto t = static_cast<Technique>(i);
    lattice.factors.push_back({.name = name(t),
                               .levels = {{.name = "off"}, {.name = "on", .techniques = Techniques{}.with(t)}},
                               .expected = kPromised[i].text,
                               .expected_low = kPromised[i].low,
                               .expected_high = kPromised[i].high,
                               .technique = t});
  }
  return lattice;
}

ArmSpec arm_of(const Lattice& lattice, std::size_t cell, int threads) {
  const std::vector<int> at = levels_of(cell, lattice.shape());
  const auto level = [&](std::size_t f) -> const Level& {
    return lattice.factors[f].levels[static_cast<std::size_t>(at[f])];
  };
  Techniques set = lattice.base;
  for (std::size_t f = 0; f < at.size(); ++f) set.bits |= level(f).techniques.bits;
  ArmSpec spec{label_of(lattice, at), recipe_names(set), set, 1};
  for (std::size_t f = 0; f < at.size(); ++f) {
    for (const std::string& slot : level(f).slots) apply_slot(spec.names, slot);
  }
  spec.techniques = techniques_of(spec.names);
  if (spec.techniques.has(Technique::threading)) spec.threads = threads;
  return spec;
}

std::vector<std::size_t> corner_cells(const LatticeShape& shape) {
  std::set<std::size_t> cells;
  const auto add = [&](const Contrast& contrast) {
    for (const std::size_t cell : cells_of(contrast)) cells.insert(cell);
  };
  for (int f = 0; f < static_cast<int>(shape.size()); ++f) {
    const int last = shape[static_cast<std::size_t>(f)] - 1;
    for (int level = 1; level <= last; ++level) add(alone_contrast(shape, {f, level}));
    add(without_contrast(shape, {f, last}));
  }
  return {cells.begin(), cells.end()};
}

}  // namespace bitproof
