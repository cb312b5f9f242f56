// The read ceilings of one run, by thread count and placement state, and what they say of a result.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ceiling.hpp"
#include "placement.hpp"

namespace bitproof {

// A result above its ceiling by more than this is IMPOSSIBLE: the margin covers the spread of the ceiling itself.
inline constexpr double kMostOfCeiling = 1.05;

// Samples that a ceiling of one state needs to be one.
inline constexpr std::size_t kFewestCeilingSamples = 3;

// True for a load in which others had the CPUs: such a sample is kept, and marked.
bool disturbed(const Load& load);
// True only where it was read that nobody else did: a load without a reading is neither.
bool undisturbed(const Load& load);

struct CeilingTable {
  std::vector<ReadSample> samples;
  StateTracker states;
  int set_aside = 0;  // samples in which the reading threads did not get their CPUs; they say nothing of memory
  std::string why;    // not measured at all

  // Adds samples and their states; sets aside those that were disturbed.
  void add(std::vector<ReadSample> taken);

  // The ceiling of these threads in this state; none for an unknown state or too few samples.
  std::optional<Ceiling> at(int threads, const std::string& state) const;

  // gb_per_s over the ceiling of these threads in the state of this reading.
  std::optional<double> fraction(double gb_per_s, int threads, const std::optional<double>& ping_pong_ns) const;
};

}  // namespace bitproof
