// Amdahl's law as a gate: a technique can at most take away the time that it acts upon, so its credit is bounded by
// what was measured without it. Pure functions over ledgers.
#pragma once

#include <array>
#include <optional>
#include <set>
#include <string>

#include "ledger.hpp"
#include "statistics.hpp"
#include "variant.hpp"

namespace bitproof {

// A credit whose whole interval lies above its bound by more than this is impossible. The margin is for what a change
// does to time that it does not act upon: data that lands in other cache sets, pages and translations.
inline constexpr double kMostOfAmdahl = 1.10;

// An average token of the arm without the technique, as measured.
struct TokenTime {
  Ledger ledger;       // sums over its tokens
  double wall_ns;      // of a token
  double unbooked_ns;  // of that: residual and clock reads, which no op owns
  double faults_ns;    // of that: page faults a token x measured ns a fault, wherever they land
};

// What the technique changes.
struct Change {
  Technique technique;
  int threads = 1;                // with it
  std::set<std::string> slots{};  // whose variant it replaces
  // Least time of each op of a token with it, by the physics gate; 0 where nothing is known.
  std::array<double, kLoopOpCount> least_ns{};
};

struct Bound {
  double most;     // times faster, at best
  double share;    // of the token's time that could be saved: 1 - 1 / most
  std::string by;  // "allocation and page faults"
};

//   memory_pool  allocation and page faults are gone
//   threading    everything takes 1 / threads
//   kv_cache     all but the head takes 1 / positions, allocation and page faults are gone: the passes were that wide
//   the others   the ops of their slots take the least that physics allows
// Time that no op owns may always vanish, but for the pool, which is known by what it saves.
Bound amdahl_bound(const Change& change, const TokenTime& without);

// The share of the time that must be saved for a speedup: 83.26 needs 0.988.
double share_for(double speedup);

enum class Credit : std::uint8_t {
  unbounded,   // nothing was measured to bound it
  possible,    // at most the bound
  noise,       // above the bound, but its interval reaches down to it: no credit beyond the bound
  not_judged,  // above, but where its arms were placed is not known: no credit
  impossible,  // all of its interval is above: no credit, and a fault
};
const char* name(Credit verdict);

// placement: how much faster the machine may have been for one arm than for the other, 1 where both were measured in
// one state; none where that is not known.
Credit judge_credit(const RatioEstimate& ratio, const Bound& bound, std::optional<double> placement = 1);

}  // namespace bitproof
