// Linear contrasts of cell means in a randomized block design: every cell once a round, in random order, each with a
// noise of its own, and what slows a whole round common to all of them. Pure functions over numbers.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace bitproof {

// [cell][round], of the logarithm of a rate; NaN where the cell was not measured in that round.
using CellRounds = std::vector<std::vector<double>>;

// One weight a cell; they sum to 0, so that what is common to a round cancels.
using Contrast = std::vector<double>;
std::vector<std::size_t> cells_of(const Contrast& contrast);  // that have a weight

// exp(value) is a ratio of rates, exp(value -+ half_width) its interval.
struct ContrastEstimate {
  double value;
  double half_width;  // studentized; infinite for one round
  double degrees;     // of freedom, Satterthwaite's; 0 for one round
  int rounds;         // in which all cells of the contrast were measured

  bool shows_effect() const { return value - half_width > 0 || value + half_width < 0; }
};

// The variance of each cell's noise, which may differ from cell to cell, apart from the effects of rounds that all
// share: the unbiased estimators of a two-way table with one value a place (F. E. Grubbs, "On estimating precision of
// measuring instruments and product variability", J. Am. Stat. Assoc. 43, 1948). At least 3 cells and 2 rounds, none
// missing. Unbiased means that one may come out below 0.
std::vector<double> cell_variances(const CellRounds& complete);

// The estimate of sum(c_i mu_i). Rounds in which a cell of the contrast is missing do not enter it. The variance is the
// unbiased sum(c_i^2 s_i^2) / n of cell_variances; its degrees of freedom are Satterthwaite's, with the exact variance
// of that quadratic form (for two cells without round effects it is Welch's t). Where the cells of the contrast are so
// quiet beside the others that this says less than the n - 1 degrees of the contrast's own values by round, those are
// used (Student's t, paired). None without a round.
std::optional<ContrastEstimate> estimate(const Contrast& contrast, const CellRounds& cells, double confidence = 0.95);

}  // namespace bitproof
