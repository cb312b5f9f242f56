#include "shapley.hpp"

#include <bit>
#include <cmath>
#include <functional>
#include <numeric>

namespace bitproof {
namespace {

int factors(const LatticeShape& shape) { return static_cast<int>(shape.size()); }

// The cell with f at `level` and each other factor at its last level where its bit is set, else off.
std::size_t corner(const LatticeShape& shape, unsigned on, FactorLevel f, int level) {
  std::vector<int> levels(shape.size());
  for (int i = 0; i < factors(shape); ++i) {
    const auto at = static_cast<std::size_t>(i);
    levels[at] = i == f.factor ? level : (on >> i) & 1 ? shape[at] - 1 : 0;
  }
  return cell_of(levels, shape);
}

void add_step(Contrast& contrast, const LatticeShape& shape, unsigned on, FactorLevel f, double weight) {
  contrast[corner(shape, on, f, f.level)] += weight;
  contrast[corner(shape, on, f, 0)] -= weight;
}

// |S|! (n - |S| - 1)! / n!: the share of the orders of n players in which exactly S comes before a given one.
double order_share(int before, int players) {
  return std::exp(std::lgamma(before + 1) + std::lgamma(players - before) - std::lgamma(players + 1));
}

// Over the orders of the factors in `free`, f among them, with those in `held` on throughout.
Contrast shapley_over(const LatticeShape& shape, FactorLevel f, unsigned free, unsigned held) {
  Contrast contrast(cell_count(shape));
  const unsigned others = free & ~(1u << f.factor);
  const int players = std::popcount(others) + 1;
  for (unsigned before = others;; before = (before - 1) & others) {  // every subset
    add_step(contrast, shape, before | held, f, order_share(std::popcount(before), players));
    if (before == 0) break;
  }
  return contrast;
}

unsigned all_of(const LatticeShape& shape) { return (1u << factors(shape)) - 1; }

Contrast one_step(const LatticeShape& shape, unsigned on, FactorLevel f) {
  Contrast contrast(cell_count(shape));
  add_step(contrast, shape, on, f, 1);
  return contrast;
}

}  // namespace

std::size_t cell_count(const LatticeShape& shape) {
  return std::transform_reduce(shape.begin(), shape.end(), std::size_t{1}, std::multiplies{},
                               [](int levels) { return static_cast<std::size_t>(levels); });
}

std::vector<int> levels_of(std::size_t cell, const LatticeShape& shape) {
  std::vector<int> levels;
  for (const int n : shape) {
    levels.push_back(static_cast<int>(cell % static_cast<std::size_t>(n)));
    cell /= static_cast<std::size_t>(n);
  }
  return levels;
}

std::size_t cell_of(const std::vector<int>& levels, const LatticeShape& shape) {
  std::size_t cell = 0;
  for (std::size_t i = shape.size(); i-- > 0;) {
    cell = cell * static_cast<std::size_t>(shape[i]) + static_cast<std::size_t>(levels[i]);
  }
  return cell;
}

Contrast total_contrast(const LatticeShape& shape) {
  Contrast contrast(cell_count(shape));
  contrast.front() = -1;
  contrast.back() = 1;
  return contrast;
}

Contrast alone_contrast(const LatticeShape& shape, FactorLevel f) { return one_step(shape, 0, f); }

Contrast without_contrast(const LatticeShape& shape, FactorLevel f) { return one_step(shape, all_of(shape), f); }

Contrast shapley_contrast(const LatticeShape& shape, FactorLevel f) { return shapley_over(shape, f, all_of(shape), 0); }

Contrast shapley_given(const LatticeShape& shape, FactorLevel f, int g, bool on) {
  const unsigned held = 1u << g;
  return shapley_over(shape, f, all_of(shape) & ~held, on ? held : 0);
}

Contrast interaction_contrast(const LatticeShape& shape, FactorLevel f, int g) {
  Contrast contrast = shapley_given(shape, f, g, true);
  const Contrast without = shapley_given(shape, f, g, false);
  for (std::size_t i = 0; i < contrast.size(); ++i) contrast[i] -= without[i];
  return contrast;
}

}  // namespace bitproof
