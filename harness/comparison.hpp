// Is B slower than A? The result types of `compare`, and the pure functions from samples to a verdict. Nothing here
// measures, so all of it is tested on samples whose truth is known.
//
// The unit of evidence is the launch: A, B and a second A, the control, are set up afresh in processes of their own,
// and batches of their calls are timed in rounds, in random order. A ratio is paired within a round, B over the
// geometric mean of those A's that were taken in the same state of the machine; a launch gives one number a state, the
// median of its ratios. The control, one A over the other, is independent of what B is held against: their difference
// and their mean. The interval is Student's t over launches, on the logarithms, so that it holds what differs between
// processes (layout, pages) and no long run of samples from one process can narrow it.
//
// Ratios are time of B / time of A: above 1, B is slower.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sample_state.hpp"

namespace bitproof {

enum class Effect : std::uint8_t { faster, slower, same, ambiguous };
const char* name(Effect effect);  // "FASTER"

// FASTER, SLOWER: the interval excludes 1, the ratio is at least half the smallest effect away from it, and its sign
//                 recurs in at least kRecurrences launches.
// SAME:           the interval lies within the smallest effect.
// AMBIGUOUS:      anything else, and whatever the A/A control contradicts.
struct CompareRules {
  double smallest_effect = 0.03;  // ratios from 1 / 1.03 to 1.03 make no difference to anybody
  double confidence = 0.99;       // of the interval of a comparison that stands alone
  // Bonferroni: an interval is made at 1 - (1 - confidence) / (comparisons x states judged apart), so the chance of any
  // false FASTER or SLOWER among all of them is at most 1 - confidence, and the interval printed is the one that
  // decided.
  int comparisons = 1;
};
inline constexpr int kRecurrences = 3;

// One ratio with its interval and the verdict that follows from it alone.
struct RatioVerdict {
  Effect verdict = Effect::ambiguous;
  std::string why{};                // in words, where it is AMBIGUOUS
  std::optional<double> ratio{};    // geometric mean over launches; none without a pair
  double ci_low = 0, ci_high = 0;   // 0 and infinity for one launch
  double confidence = 0;            // of the interval, after the correction
  std::vector<double> by_launch{};  // one ratio each
  int pairs = 0;                    // of samples, over all launches
};

struct StateVerdict {
  std::string state;  // "A", "B" ... by ascending latency; "pooled"
  RatioVerdict result;
};

// Samples that are kept and shown, but decide nothing: why, and how many.
using SetAside = std::map<std::string, int>;

enum class Seat : std::uint8_t { a, b, control };
inline constexpr int kSeats = 3;

// A timed batch: times of one call, each the mean over a chunk of calls that is long beside the clock's resolution.
struct TimedBatch {
  std::vector<double> ns;
  SampleState state;

  double median_ns() const;
};

struct Round {
  TimedBatch arm[kSeats];
  TimedBatch& operator[](Seat which) { return arm[static_cast<int>(which)]; }
  const TimedBatch& operator[](Seat which) const { return arm[static_cast<int>(which)]; }
};
using Launch = std::vector<Round>;

// One case, judged.
struct CaseComparison {
  std::string id{};       // of what was compared: "ternary_matmul/direct.avx2/rows=4096,.../threads:1/cold"
  std::string a{}, b{};   // variants, binaries or run files
  RatioVerdict result{};  // what is said of the case: of one state, or pooled over them
  std::string state{};    // of the result: "A", "one state", "pooled", "A SLOWER, B SAME"
  std::vector<StateVerdict> by_state{};
  std::optional<RatioVerdict> control{};  // A over A, by the same rules: SAME or AMBIGUOUS, else a false alarm
  std::string control_why{};              // there is none
  SetAside set_aside{};                   // samples, by reason
  int samples = 0;                        // of A, B and the control
  std::optional<double> median_a_ns{}, median_b_ns{};  // of usable samples, for people; the ratio is not made from them
  std::string stopped{};  // "the interval is 1.8 % wide, asked 2 %", "the budget of 60 s ended"
  double seconds = 0;
  std::uint64_t seed = 0;          // of the order of arms
  std::vector<Launch> launches{};  // every sample, also what was set aside
  std::string failure{};           // it could not be measured: a process crashed, a variant was not cleared
};

// `bitproof compare`, `bitproof baseline check`.
struct Comparison {
  CompareRules rules{};
  std::vector<CaseComparison> cases{};
  std::string kind{};     // "variants", "builds", "saved runs"
  std::string warning{};  // "saved runs of different machines: --force"; "" when nothing is to be said
  bool partial = false;   // interrupted: the cases that were finished

  std::optional<int> aa_false_alarms() const;  // controls called FASTER or SLOWER; none where no control was run
  bool any(Effect effect) const;
  bool any_failure() const;
};

// What is said of a case by those of its states: decided in any of them is decided, unless in two of them differently;
// the same only where it is the same in all. Not empty.
StateVerdict combined(const std::vector<StateVerdict>& states);

// Of the labelled batches of some launches: result, by_state, control, set_aside, samples and medians.
CaseComparison judge_launches(std::vector<Launch> launches, const CompareRules& rules);

// The interval and the verdict of log ratios, one a launch. comparisons: what to correct for.
RatioVerdict judge_ratios(std::span<const double> logs, int pairs, const CompareRules& rules, int comparisons);

// Two lists of times that were not taken side by side: weaker. The interval is Welch's t on the logarithms, and since
// there is no second process in which an effect could recur, FASTER and SLOWER need the whole interval beyond the
// smallest effect.
RatioVerdict judge_unpaired(std::span<const double> a_ns, std::span<const double> b_ns, const CompareRules& rules);

}  // namespace bitproof
