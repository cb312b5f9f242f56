#include "contrasts.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "statistics.hpp"

namespace bitproof {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Rounds that all of these cells have.
std::vector<std::size_t> common_rounds(const CellRounds& cells, std::span<const std::size_t> which) {
  std::size_t rounds = cells.at(which[0]).size();
  for (const std::size_t i : which) rounds = std::min(rounds, cells.at(i).size());
  std::vector<std::size_t> common;
  for (std::size_t r = 0; r < rounds; ++r) {
    if (std::ranges::none_of(which, [&](std::size_t i) { return std::isnan(cells[i][r]); })) common.push_back(r);
  }
  return common;
}

// The cells that have all of these rounds, and their weights: those of the contrast, and with 0 the others, which tell
// what a round did to everybody.
struct CompleteRounds {
  CellRounds cells;
  Contrast weights;
};

CompleteRounds complete(const Contrast& contrast, const CellRounds& cells, std::span<const std::size_t> rounds) {
  CompleteRounds table;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::vector<double> row;
    for (const std::size_t r : rounds) {
      if (r < cells[i].size() && !std::isnan(cells[i][r])) row.push_back(cells[i][r]);
    }
    if (row.size() != rounds.size()) continue;
    table.cells.push_back(std::move(row));
    table.weights.push_back(contrast[i]);
  }
  return table;
}

// By round.
std::vector<double> values(const CompleteRounds& table) {
  std::vector<double> value(table.cells[0].size());
  for (std::size_t r = 0; r < value.size(); ++r) {
    for (std::size_t i = 0; i < table.cells.size(); ++i) value[r] += table.weights[i] * table.cells[i][r];
  }
  return value;
}

struct VarianceEstimate {
  double variance = 0, degrees = 0;
};

// With w_i the weight of the residual mean square v_i in sum(c_i^2 s_i^2) / n, the estimate is a quadratic form whose
// matrix over the cells is M W M, M = I - J/C; of normal values its variance is 2 tr(M W M S M W M S) / (n - 1), with S
// the diagonal of the cells' variances. Squares of estimated variances are too large by (n + 1) / (n - 1), and the
// square of their sum by twice its own variance: both are taken off, as in Welch's formula of 1947, without which
// intervals over 4 rounds are too wide. There are no more degrees than the cells of the contrast have together.
VarianceEstimate of_cells(const CompleteRounds& table) {
  const std::size_t cells = table.cells.size();
  const auto c = static_cast<double>(cells), n = static_cast<double>(table.cells[0].size());
  if (cells < 3) return {};
  std::vector<double> s2 = cell_variances(table.cells);
  double variance = 0, squares = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    const double d = table.weights[i] * table.weights[i] / n;
    variance += d * s2[i];
    squares += d;
  }
  for (double& s : s2) s = std::max(s, 0.0);
  const double sum = std::accumulate(s2.begin(), s2.end(), 0.0);
  std::vector<double> w(cells);
  for (std::size_t i = 0; i < cells; ++i) {
    w[i] = (table.weights[i] * table.weights[i] / n - squares / (c * (c - 1))) / (1 - 2 / c);
  }
  double trace = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    for (std::size_t j = 0; j < cells; ++j) {
      const double msm = (i == j ? s2[i] : 0) - (s2[i] + s2[j]) / c + sum / (c * c);
      trace += w[i] * w[j] * msm * msm * (i == j ? (n - 1) / (n + 1) : 1);
    }
  }
  if (!(variance > 0) || !(trace > 0)) return {};
  const double most = (n - 1) * static_cast<double>(cells_of(table.weights).size());
  return {variance, std::min((n - 1) * variance * variance / trace - 2, most)};
}

}  // namespace

std::vector<double> cell_variances(const CellRounds& complete) {
  const std::size_t cells = complete.size(), rounds = complete.at(0).size();
  const auto c = static_cast<double>(cells), n = static_cast<double>(rounds);
  std::vector<double> round_mean(rounds), v(cells);
  for (std::size_t r = 0; r < rounds; ++r) {
    for (const auto& cell : complete) round_mean[r] += cell[r] / c;
  }
  const double all = mean_of(round_mean);
  for (std::size_t i = 0; i < cells; ++i) {
    const double own = mean_of(complete[i]);
    for (std::size_t r = 0; r < rounds; ++r) {
      const double residual = complete[i][r] - own - round_mean[r] + all;
      v[i] += residual * residual / (n - 1);
    }
  }
  // E v_i = s_i^2 (1 - 2/C) + sum(s^2) / C^2, so E sum(v) = sum(s^2) (1 - 1/C).
  const double sum = std::accumulate(v.begin(), v.end(), 0.0) * c / (c - 1);
  for (double& x : v) x = (x - sum / (c * c)) / (1 - 2 / c);
  return v;
}

std::vector<std::size_t> cells_of(const Contrast& contrast) {
  std::vector<std::size_t> cells;
  for (std::size_t i = 0; i < contrast.size(); ++i) {
    if (contrast[i] != 0) cells.push_back(i);
  }
  return cells;
}

std::optional<ContrastEstimate> estimate(const Contrast& contrast, const CellRounds& cells, double confidence) {
  const std::vector<std::size_t> which = cells_of(contrast);
  if (which.empty()) return std::nullopt;
  const std::vector<std::size_t> rounds = common_rounds(cells, which);
  if (rounds.empty()) return std::nullopt;
  const CompleteRounds table = complete(contrast, cells, rounds);
  const std::vector<double> by_round = values(table);
  ContrastEstimate e{
      .value = mean_of(by_round), .half_width = 0, .degrees = 0, .rounds = static_cast<int>(rounds.size())};
  if (rounds.size() > 1) {
    const auto n = static_cast<double>(rounds.size());
    const VarianceEstimate paired{variance(by_round) / n, n - 1}, pooled = of_cells(table);
    const VarianceEstimate& better = pooled.degrees > paired.degrees ? pooled : paired;
    e.degrees = better.degrees;
    e.half_width = t_half_width(better.degrees, std::sqrt(better.variance), confidence);
  } else {
    e.half_width = t_half_width(0, 0, confidence);
  }
  return e;
}

}  // namespace bitproof
