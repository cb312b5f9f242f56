// Where the time of a round that is left over is spent: on repeats of the cells that keep the answer uncertain, for
// their price. Pure functions.
#pragma once

#include <span>
#include <vector>

#include "contrasts.hpp"

namespace bitproof {

inline constexpr int kMostRepeats = 16;

// What each cell adds to the variance of the contrasts, all together: sum over them of c_i^2 s_i^2, from the rounds
// that every measured cell has. Equal for all cells while there are fewer than three such rounds to learn from.
std::vector<double> uncertainties(std::span<const Contrast> contrasts, const CellRounds& cells);

// Repeats of each cell in the next round, 1 to kMostRepeats: one each, and then again and again the one that takes most
// off the variance by second, until spare_s is spent. cost_s is of one repeat. A cell's share of the variance counts as
// u / repeats.
std::vector<int> allocate_repeats(std::span<const double> uncertainty, std::span<const double> cost_s, double spare_s);

// The cells that a round can hold in left_s: all, where they fit together, else the cheapest that do.
std::vector<bool> affordable(std::span<const double> cost_s, double left_s);

}  // namespace bitproof
