#include "change_points.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "rng.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

struct Split {
  std::size_t at = 0;  // first value of the right side
  double energy = 0;   // 0: there is none
};

double distance_to(double x, std::span<const double> others) {
  double sum = 0;
  for (const double y : others) sum += std::abs(x - y);
  return sum;
}

// The best split of x. Sums of distances are carried from one split to the next, as x[t] changes sides.
Split best_split(std::span<const double> x) {
  Split best;
  double left = 0, between = 0, right = 0;
  for (std::size_t i = 0; i < x.size(); ++i) right += distance_to(x[i], x.first(i));
  for (std::size_t t = 0; t + kFewestAtLevel < x.size(); ++t) {
    const double to_left = distance_to(x[t], x.first(t)), to_right = distance_to(x[t], x.subspan(t + 1));
    left += to_left;
    right -= to_right;
    between += to_right - to_left;
    const auto n = static_cast<double>(t + 1), m = static_cast<double>(x.size() - t - 1);
    if (t + 1 < kFewestAtLevel) continue;
    const double within = 2 * left / (n * n) + 2 * right / (m * m);
    const double energy = n * m / (n + m) * (2 * between / (n * m) - within);
    if (energy > best.energy) best = {t + 1, energy};
  }
  return best;
}

// The share of orders, the given one among them, whose best split is as good. Ends early, above kChangeLevel, once no
// further shuffle could bring it below.
double p_value(std::span<const double> x, const Split& split, Rng& rng) {
  std::vector<double> shuffled(x.begin(), x.end());
  int as_good = 1;
  for (int i = 0; i < kChangePermutations; ++i) {
    shuffle(shuffled, rng);
    // Sums in another order differ in their last bits, and equal splits must count as equal.
    as_good += best_split(shuffled).energy >= split.energy * (1 - 1e-9);
    if (as_good > kChangeLevel * (kChangePermutations + 1)) break;
  }
  return as_good / (kChangePermutations + 1.0);
}

struct Part {
  std::size_t begin, end;
};

struct Found {
  std::size_t at;
  double p;
};

void divide(std::span<const double> x, Part part, Rng& rng, std::vector<Found>& found) {
  const std::span<const double> values = x.subspan(part.begin, part.end - part.begin);
  if (values.size() < 2 * kFewestAtLevel) return;
  const Split split = best_split(values);
  if (split.energy == 0) return;
  const double p = p_value(values, split, rng);
  if (p > kChangeLevel) return;
  const std::size_t at = part.begin + split.at;
  divide(x, {part.begin, at}, rng, found);
  found.push_back({at, p});
  divide(x, {at, part.end}, rng, found);
}

double level(std::span<const double> ns, std::size_t begin, std::size_t end) {
  return median({ns.begin() + static_cast<std::ptrdiff_t>(begin), ns.begin() + static_cast<std::ptrdiff_t>(end)});
}

}  // namespace

std::vector<ChangePoint> change_points(std::span<const double> ns, std::uint64_t seed) {
  std::vector<double> logs;
  for (const double t : ns) {
    if (!(std::isfinite(t) && t > 0)) throw std::invalid_argument("a time that is not above 0");
    logs.push_back(std::log(t));
  }
  Rng rng(seed);
  std::vector<Found> found;
  divide(logs, {0, logs.size()}, rng, found);
  std::vector<ChangePoint> changes;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::size_t begin = i == 0 ? 0 : found[i - 1].at, end = i + 1 < found.size() ? found[i + 1].at : ns.size();
    changes.push_back({found[i].at, level(ns, begin, found[i].at), level(ns, found[i].at, end), found[i].p});
  }
  return changes;
}

}  // namespace bitproof
