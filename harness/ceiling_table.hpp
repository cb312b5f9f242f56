// The ceilings of one run, by thread count and placement state: what memory, caches and cores can do at best.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ceiling.hpp"
#include "peaks.hpp"
#include "placement.hpp"

namespace bitproof {

// Samples that a ceiling of one state needs to be one.
inline constexpr std::size_t kFewestCeilingSamples = 3;

// A rate of memory above its ceiling by more than this is impossible: the margin covers what its few samples missed.
inline constexpr double kMostOfCeiling = 1.05;

// The same for what the cores do. Their rates follow the clock, which a hypervisor neither shows nor holds still: the
// step between the clocks of light scalar code on one core and of wide vectors on all is up to a quarter.
inline constexpr double kMostOfPeak = 1.25;

// True for a load in which others had the CPUs: such a sample is kept, and marked.
bool disturbed(const Load& load);
// True only where it was read that nobody else did: a load without a reading is neither.
bool undisturbed(const Load& load);

// The best pattern (of the best ISA) at what it does.
struct PeakCeiling {
  std::string isa, pattern;
  Estimate per_ns;  // Gop/s or GB/s
};

struct CeilingTable {
  std::vector<ReadSample> samples;
  std::vector<PeakSample> peaks;
  std::vector<CacheLevel> caches;  // nearest first; empty where the machine does not say
  StateTracker states;
  std::string why;  // not measured at all

  // Samples in which the threads did not get their CPUs: what they reached the hardware can do, and more.
  std::vector<ReadSample> disturbed_reads;
  std::vector<PeakSample> disturbed_peaks;
  std::size_t set_aside() const { return disturbed_reads.size() + disturbed_peaks.size(); }

  // Adds samples and their states; sets aside those that were disturbed.
  void add(std::vector<ReadSample> taken);
  void add(std::vector<PeakSample> taken);

  // The read ceiling of memory for these threads in this state; none for an unknown state or too few samples.
  std::optional<Ceiling> at(int threads, const std::string& state) const;

  // The same of a core's or a cache's peak; of one ISA if it is given. None also where another pattern was faster by
  // more than kMostOfPeak, in whatever state, and has too few samples in this one: what is left when the widest
  // instruction's samples are missing is no ceiling.
  std::optional<PeakCeiling> peak(const std::string& what, int threads, const std::string& state,
                                  const std::string& isa = "") const;

  // The fastest sample of any pattern, disturbed ones too: what the machine did once it can do, however slow a busy
  // host made the others. 0 where at(), or peak(), is none.
  double most_read(int threads, const std::string& state) const;
  double most(const std::string& what, int threads, const std::string& state, const std::string& isa = "") const;

  // gb_per_s over the ceiling of these threads in the state of this reading.
  std::optional<double> fraction(double gb_per_s, int threads, const std::optional<double>& ping_pong_ns) const;

  // The states that these readings were taken in; where one of them is unknown and another not, every state of the
  // ceilings. Empty where nothing is known.
  std::set<std::string> states_of(std::span<const std::optional<double>> readings) const;
};

}  // namespace bitproof
