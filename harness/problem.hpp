// A case made concrete. A Problem owns the inputs and the oracle's answer; a Workload is one kernel ready to be called
// on them. check and bench use the same Workload, so a kernel cannot tell being verified from being timed.
#pragma once

#include <memory>

#include "case.hpp"
#include "registry.hpp"
#include "verdict.hpp"

namespace bitproof {

// What one call costs at least, booked from shapes: operations (a multiply-add is two) and bytes that must move.
// A kernel never books its own.
struct Cost {
  double ops = 0;
  double bytes = 0;
};

struct WorkloadOptions {
  const threading::Kernel* threading;  // how the call is split
  int threads = 1;
  int copies = 1;       // instances of everything that is read; calls rotate over them to find caches cold
  bool guarded = true;  // buffers end at unmapped pages and start at odd offsets; off for timing
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual void poison() = 0;            // outputs become NaN / a pattern, in-place inputs are restored
  virtual void call(int copy) = 0;      // the timed thing; copy in [0, copies)
  virtual Verdict judge(int copy) = 0;  // what the last call on that copy left, against the oracle and the guards
  virtual Cost cost() const = 0;        // of one call
  virtual bool in_place() const = 0;    // calls change their own input: poison() before a call that is to be judged
  virtual std::size_t bytes_read() const = 0;  // by one copy: what rotation must exceed the last-level cache with
};

template <class Kernel>
class Problem {
 public:
  virtual ~Problem() = default;
  virtual std::unique_ptr<Workload> workload(const Kernel&, const WorkloadOptions&) = 0;
};

// Specialised for every arithmetic op in problems/<op>.cpp. The oracle runs on the first judgement: after the candidate.
template <class Kernel>
std::unique_ptr<Problem<Kernel>> make_problem(const Case&);

}  // namespace bitproof
