// Where a series of times moved to another level and stayed there. E-divisive (Matteson and James 2014, JASA 109), with
// exponent 1, on the logarithms:
//   a split of x at t, with n values before and m after, has the energy
//     nm / (n + m) (2 E|X - Y| - E|X - X'| - E|Y - Y'|)
//   the split of highest energy is a change if at most kChangeLevel of kChangePermutations shuffles of the series have
//   one as high; then its two sides are tried in the same way, each by itself.
// No distribution is assumed. A level has at least kFewestAtLevel values, so one odd value is no change.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace bitproof {

struct ChangePoint {
  std::size_t first;           // index of the first value at the new level
  double before_ns, after_ns;  // medians, of the level before and the level after
  double p;                    // share of the shuffles (and the series itself) with a split as good

  double ratio() const { return after_ns / before_ns; }
};

inline constexpr std::size_t kFewestAtLevel = 3;
inline constexpr int kChangePermutations = 999;
inline constexpr double kChangeLevel = 0.01;

// Ascending. The same values and seed give the same answer. O(n^2) a permutation: of more than kLongestSeries values
// give the last. Throws std::invalid_argument on a value that is not finite and above 0.
inline constexpr std::size_t kLongestSeries = 500;
std::vector<ChangePoint> change_points(std::span<const double> ns, std::uint64_t seed = 1);

}  // namespace bitproof
