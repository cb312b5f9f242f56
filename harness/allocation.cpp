#include "allocation.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bitproof {
namespace {

constexpr std::size_t kRoundsToLearn = 3;

// Of the cells that were measured at all, in the rounds that all of those have.
CellRounds measured_by_all(const CellRounds& cells, std::vector<std::size_t>& which) {
  const auto has = [](const std::vector<double>& cell, std::size_t r) {
    return r < cell.size() && !std::isnan(cell[r]);
  };
  std::size_t rounds = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (std::ranges::any_of(cells[i], [](double y) { return !std::isnan(y); })) which.push_back(i);
    rounds = std::max(rounds, cells[i].size());
  }
  CellRounds table(which.size());
  for (std::size_t r = 0; r < rounds; ++r) {
    if (!std::ranges::all_of(which, [&](std::size_t i) { return has(cells[i], r); })) continue;
    for (std::size_t k = 0; k < which.size(); ++k) table[k].push_back(cells[which[k]][r]);
  }
  return table;
}

}  // namespace

std::vector<double> uncertainties(std::span<const Contrast> contrasts, const CellRounds& cells) {
  std::vector<std::size_t> which;
  const CellRounds table = measured_by_all(cells, which);
  if (table.size() < 3 || table[0].size() < kRoundsToLearn) return std::vector<double>(cells.size(), 1.0);
  const std::vector<double> s2 = cell_variances(table);
  std::vector<double> u(cells.size());
  for (std::size_t k = 0; k < which.size(); ++k) {
    for (const Contrast& c : contrasts) u[which[k]] += c[which[k]] * c[which[k]] * std::max(s2[k], 0.0);
  }
  return u;
}

std::vector<int> allocate_repeats(std::span<const double> uncertainty, std::span<const double> cost_s, double spare_s) {
  std::vector<int> repeats(uncertainty.size(), 1);
  for (;;) {
    std::size_t best = repeats.size();
    double best_gain = 0;
    for (std::size_t i = 0; i < repeats.size(); ++i) {
      if (repeats[i] == kMostRepeats || cost_s[i] > spare_s) continue;
      const double k = repeats[i];
      const double gain = uncertainty[i] / (k * (k + 1)) / cost_s[i];
      if (gain > best_gain) best = i, best_gain = gain;
    }
    if (best == repeats.size()) return repeats;
    ++repeats[best];
    spare_s -= cost_s[best];
  }
}

std::vector<bool> affordable(std::span<const double> cost_s, double left_s) {
  std::vector<std::size_t> order(cost_s.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::sort(order, {}, [&](std::size_t i) { return cost_s[i]; });
  std::vector<bool> chosen(cost_s.size());
  for (const std::size_t i : order) {
    if ((left_s -= cost_s[i]) < 0) break;
    chosen[i] = true;
  }
  return chosen;
}

}  // namespace bitproof
