// A case made concrete. A Problem owns the inputs and the oracle's answer; a Workload is one kernel ready to be called
// on them. check and bench use the same Workload, so a kernel cannot tell being verified from being timed.
#pragma once

#include <memory>
#include <vector>

#include "case.hpp"
#include "frame.hpp"
#include "registry.hpp"
#include "verdict.hpp"

namespace bitproof {

// What one call costs at least, booked from shapes: operations (a multiply-add is two) and bytes that must move.
// A kernel never books its own.
struct Cost {
  double ops = 0;
  double bytes = 0;
};

inline constexpr int kTimedInputs = 3;  // input sets of a benchmark

struct WorkloadOptions {
  const threading::Kernel* threading;  // how the call is split
  int threads = 1;
  int copies = 1;  // of everything that is read; calls rotate over them to find caches cold
  // Calls also rotate over so many different inputs; copies of the weights stay as many as they are. Whoever keeps the
  // last answer, or what was prepared for it, is wrong on the next call.
  int input_sets = 1;
  bool guarded = true;  // fenced, poisoned and trapped; off for timing

  // The rest is for guarded ones.
  Placement placement{};
  bool by_tile = false;  // threading runs tile by tile on the calling thread: watch each alone
  bool aliased = false;  // outputs lie on an input where the contract allows it
  int pack_parts = 2;    // weights are packed in so many ranges of rows, the last first

  std::optional<Placement> placed() const { return guarded ? std::optional(placement) : std::nullopt; }
};

class Workload {
 public:
  virtual ~Workload() = default;
  virtual void poison() = 0;            // outputs become NaN / a pattern, in-place inputs are restored
  virtual int instances() const = 0;    // copies or input sets, whichever are more
  virtual void call(int instance) = 0;  // the timed thing
  // What the last call on it left: inspect(), and outputs against the oracle.
  virtual Verdict judge(int instance) = 0;
  virtual Cost cost() const = 0;      // of one call
  virtual bool in_place() const = 0;  // calls change their own input: poison() before a call that is to be judged
  virtual std::size_t bytes_read() const = 0;  // by one copy: what rotation must exceed the last-level cache with

  // For checking, of guarded workloads.
  virtual Verdict inspect(
      int instance) = 0;             // all but the values of the outputs: stray accesses, changed inputs, crashes
  virtual Verdict own_checks() = 0;  // what an op's contract promises beside its outputs
  virtual std::vector<double> outputs(int instance) const = 0;  // what the last call left, every NaN alike
  virtual std::uint64_t constants() const = 0;                  // fingerprint of the packed weights
  virtual void reverse_inputs() = 0;                            // to other valid inputs in the same place, and back
};

template <class Kernel>
class Problem {
 public:
  virtual ~Problem() = default;
  virtual const Case& given() const = 0;
  virtual std::unique_ptr<Workload> workload(const Kernel&, const WorkloadOptions&) = 0;
};

// Specialised for every arithmetic op in problems/<op>.cpp. The oracle runs on the first judgement: after the
// candidate.
template <class Kernel>
std::unique_ptr<Problem<Kernel>> make_problem(const Case&);

}  // namespace bitproof
