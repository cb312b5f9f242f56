#include "states.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "statistics.hpp"

namespace bitproof {
namespace {

// Of a logarithm of a reading: a tick of the clock over a batch of round trips.
constexpr double kResolution = 1e-3;

constexpr double kMadToSigma = 1.4826;  // of a normal distribution

std::optional<double> logarithm(const std::optional<double>& reading) {
  return reading && *reading > 0 && std::isfinite(*reading) ? std::optional(std::log(*reading)) : std::nullopt;
}

// Standard deviation of one reading while nothing changes.
double probe_noise(std::span<const ReadingPair> readings) {
  std::vector<double> differences;
  for (const ReadingPair& r : readings) {
    const auto before = logarithm(r.before), after = logarithm(r.after);
    if (before && after) differences.push_back(std::abs(*after - *before));
  }
  if (differences.empty()) return kResolution;
  return std::max(kResolution, kMadToSigma * median(std::move(differences)) / std::sqrt(2.0));
}

// Sorted values, and the sums of squares of any stretch of them.
class Latencies {
 public:
  explicit Latencies(std::vector<double> x) : x_(std::move(x)), sum_(x_.size() + 1), squares_(x_.size() + 1) {
    std::ranges::sort(x_);
    const double shift = x_[x_.size() / 2];  // against cancellation
    for (std::size_t i = 0; i < x_.size(); ++i) {
      sum_[i + 1] = sum_[i] + (x_[i] - shift);
      squares_[i + 1] = squares_[i] + (x_[i] - shift) * (x_[i] - shift);
    }
  }
  std::size_t size() const { return x_.size(); }
  double at(std::size_t i) const { return x_[i]; }
  double scatter(std::size_t begin, std::size_t end) const {  // around their mean
    const double sum = sum_[end] - sum_[begin], n = static_cast<double>(end - begin);
    return std::max(0.0, squares_[end] - squares_[begin] - sum * sum / n);
  }

 private:
  std::vector<double> x_, sum_, squares_;
};

// The best partitions of all beginnings of a line into k + 1 intervals, from those into k. The best last interval of a
// longer beginning never begins earlier, so each half searches its own part: n log n for k + 1 (Wang and Song 2011).
struct Extension {
  const Latencies& line;
  const std::vector<double>& least_before;
  std::vector<double>& least;
  std::vector<std::size_t>& last;

  void fill(std::size_t end_low, std::size_t end_high, std::size_t begin_low, std::size_t begin_high) {
    if (end_low >= end_high) return;
    const std::size_t end = (end_low + end_high) / 2;
    for (std::size_t begin = begin_low; begin <= std::min(begin_high, end - 1); ++begin) {
      const double scatter = least_before[begin] + line.scatter(begin, end);
      if (scatter >= least[end]) continue;
      least[end] = scatter;
      last[end] = begin;
    }
    fill(end_low, end, begin_low, last[end]);
    fill(end + 1, end_high, last[end], begin_high);
  }
};

struct Partition {
  std::vector<std::size_t> begins;  // of the intervals but the first
  double scatter = 0;
};

// The best into 1 .. most intervals (Fisher 1958).
std::vector<Partition> partitions(const Latencies& line, std::size_t most) {
  const std::size_t n = line.size();
  std::vector<std::vector<double>> least(most, std::vector<double>(n + 1, std::numeric_limits<double>::infinity()));
  std::vector<std::vector<std::size_t>> last(most, std::vector<std::size_t>(n + 1, 0));
  for (std::size_t end = 1; end <= n; ++end) least[0][end] = line.scatter(0, end);
  for (std::size_t k = 1; k < most; ++k) Extension{line, least[k - 1], least[k], last[k]}.fill(k + 1, n + 1, k, n - 1);
  std::vector<Partition> all(most);
  for (std::size_t k = 0; k < most; ++k) {
    all[k].scatter = least[k][n];
    for (std::size_t j = k, end = n; j > 0; --j) {
      end = last[j][end];
      all[k].begins.insert(all[k].begins.begin(), end);
    }
  }
  return all;
}

double criterion(const Partition& p, std::size_t size, double noise) {
  const auto n = static_cast<double>(size);
  double likelihood = -n / 2 * std::log(std::max(p.scatter / n, noise * noise));
  std::size_t begin = 0;
  for (std::size_t j = 0; j <= p.begins.size(); ++j) {
    const std::size_t end = j < p.begins.size() ? p.begins[j] : size;
    const auto members = static_cast<double>(end - begin);
    likelihood += members * std::log(members / n);
    begin = end;
  }
  const auto parameters = static_cast<double>(2 * (p.begins.size() + 1));  // means, shares, one variance
  return likelihood - parameters / 2 * std::log(n);
}

}  // namespace

States::States(std::span<const ReadingPair> readings) {
  std::vector<double> logs;
  for (const ReadingPair& r : readings) {
    for (const auto& reading : {r.before, r.after}) {
      if (const auto log = logarithm(reading)) logs.push_back(*log);
    }
  }
  if (logs.size() < 2) return;
  const Latencies line(std::move(logs));
  const double noise = probe_noise(readings);
  const std::vector<Partition> all = partitions(line, std::min<std::size_t>(kMost, line.size()));
  const Partition& best =
      *std::ranges::max_element(all, {}, [&](const Partition& p) { return criterion(p, line.size(), noise); });
  for (const std::size_t begin : best.begins) boundaries_.push_back((line.at(begin - 1) + line.at(begin)) / 2);
  merge_what_does_not_last(readings);
}

// The interval that lasts least joins the one above it, the last one the one below, until all last.
void States::merge_what_does_not_last(std::span<const ReadingPair> readings) {
  while (!boundaries_.empty()) {
    std::vector<double> seen(boundaries_.size() + 1), stayed(seen.size());
    bool paired = false;
    for (const ReadingPair& r : readings) {
      const auto before = of(r.before), after = of(r.after);
      if (!before || !after) continue;
      paired = true;
      for (const int state : {*before, *after}) {
        seen[static_cast<std::size_t>(state)] += 1;
        stayed[static_cast<std::size_t>(state)] += *before == *after;
      }
    }
    if (!paired) return;
    std::size_t worst = 0;
    double worst_share = 2;
    for (std::size_t s = 0; s < seen.size(); ++s) {
      const double share = seen[s] > 0 ? stayed[s] / seen[s] : 0;
      if (share < worst_share) {
        worst_share = share;
        worst = s;
      }
    }
    if (worst_share > 0.5) return;
    const bool last = worst == boundaries_.size();
    boundaries_.erase(boundaries_.begin() + static_cast<std::ptrdiff_t>(last ? worst - 1 : worst));
  }
}

std::optional<int> States::of(const std::optional<double>& reading) const {
  const auto log = logarithm(reading);
  if (!log) return std::nullopt;
  return static_cast<int>(std::ranges::upper_bound(boundaries_, *log) - boundaries_.begin());
}

std::optional<int> States::of(const ReadingPair& readings) const {
  const auto before = of(readings.before), after = of(readings.after);
  return before == after ? before : std::nullopt;
}

}  // namespace bitproof
