// The states of a machine, found in the readings of a run by clustering them: no latency and no gap is known
// beforehand, and one state is as legal as several.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace bitproof {

// A reading before and one after something: a state is what lasts from the one to the other.
struct ReadingPair {
  std::optional<double> before, after;
};

// Readings are positive (ns, GHz) and are compared by their logarithms.
//
// The partition into k intervals with the least sum of squares is exact (dynamic programming). k is the one with the
// highest Bayesian information criterion of a mixture of k normal distributions of one variance, each reading counted
// for its own interval alone (the classification likelihood), which splits neither a normal nor a uniform distribution.
// The variance is never below that of the probe itself, which the differences between before and after show. An
// interval that most readings do not stay in from before to after is no state but the tail of its neighbour.
class States {
 public:
  static constexpr int kMost = 4;

  States() = default;
  explicit States(std::span<const ReadingPair> readings);

  int count() const { return static_cast<int>(boundaries_.size()) + 1; }
  // Counted from 0 by ascending reading; none for a missing one.
  std::optional<int> of(const std::optional<double>& reading) const;
  // Of both, if they agree.
  std::optional<int> of(const ReadingPair& readings) const;

 private:
  void merge_what_does_not_last(std::span<const ReadingPair> readings);

  std::vector<double> boundaries_;  // logarithms, ascending
};

}  // namespace bitproof
