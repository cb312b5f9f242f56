// The physics gate: what an operation must at least do, how long that takes on this machine at best, and what that says
// of a time that was measured.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "ceiling_table.hpp"

namespace bitproof {

// What one operation must do whatever the kernel, from shapes alone. Zeros ask nothing.
struct Work {
  double read_bytes = 0;     // each at least once
  double cycle_bytes = 0;    // read between two readings of the same byte: what a cache must hold to serve the second
  double written_bytes = 0;  // each at least once, in any cache
  double ops[kOpKindCount] = {};

  double& operator[](OpKind kind) { return ops[static_cast<int>(kind)]; }
  double operator[](OpKind kind) const { return ops[static_cast<int>(kind)]; }
  bool nothing() const;
};

// One bound on the time of some work.
struct Limit {
  std::string what;  // "memory read"
  double amount;     // bytes or operations
  double per_ns;     // of the ceiling, its fastest sample: the highest that it may be
  double margin;     // kMostOfCeiling or kMostOfPeak
  double ns() const { return amount / per_ns; }
};

// Caches at hand: of bytes that come round every cycle_bytes, a level and those nearer by can serve what they can hold
// of that, and the rest comes from beyond. That is exact for any replacement policy, so an operation whose data just
// fits, or just does not, is no false alarm. A store is at least as dear as a load that hits L1.
struct Limits {
  std::vector<Limit> list;
  std::string missing{};  // what could not be bounded, and why; "" if nothing
};
Limits limits(const Work& work, int threads, const std::set<std::string>& states, const CeilingTable& ceilings);

// Margins taken off: no measurement of this work can be below it. 0 where nothing is known.
double least_ns(const Limits& limits);

enum class Physics : std::uint8_t {
  nothing,  // no work is booked for it
  possible,
  impossible,  // below the least time: a fault
  not_judged,  // a ceiling that it needs is missing, and nothing else rejects it
};
const char* name(Physics verdict);  // "IMPOSSIBLE"

struct Judgement {
  Physics verdict = Physics::nothing;
  double measured_ns = 0;
  double least_ns = 0;     // of the limit that is nearest to rejecting it, without its margin
  std::string bound_by{};  // that limit: "memory read"
  std::string why{};       // in words, where it is impossible or not judged

  double share() const { return least_ns / measured_ns; }  // of what this machine can do
};

Judgement judge(const Work& work, double measured_ns, int threads, const std::set<std::string>& states,
                const CeilingTable& ceilings);

}  // namespace bitproof
