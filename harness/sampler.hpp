// Times batches of one operation: the worker's half of a comparison.
#pragma once

#include "clock.hpp"
#include "comparison.hpp"
#include "microbench.hpp"

namespace bitproof {

struct SamplerOptions {
  double batch_ns = 0.15e9;  // of a batch; ticks of 10 ms tell foreign load over hardly less
  double delay_share = 0;    // of an operation's time, spun away after each: a slowdown of known size
  ClockNs clock = steady_ns;
};

// A chunk is timed as one: at least kTicks reads of the clock long, so that reading it is under 0.1 % of what is read,
// and whole periods of the operation.
inline constexpr double kTicks = 1000;
inline constexpr int kFewestChunks = 5, kMostChunks = 25;

struct BatchPlan {
  std::int64_t calls = 1;  // a chunk
  int chunks = kFewestChunks;
};
BatchPlan plan_batch(double call_ns, double clock_read_ns, std::int64_t period, double batch_ns);

class Sampler {
 public:
  // Runs the operation until its time is known: that is its warm-up too.
  Sampler(Timed timed, const SamplerOptions& options, Counters* counters = nullptr);

  // One batch. Its outputs are judged after it, as in bench: `fault` says what is wrong with them, or is empty.
  TimedBatch take(std::string& fault);

  const BatchPlan& plan() const { return plan_; }
  double call_ns() const { return call_ns_; }              // as found by the warm-up, without the delay
  double clock_read_ns() const { return clock_read_ns_; }  // taken off every chunk
  double delay_ns() const { return delay_ns_; }

 private:
  double time_calls(std::int64_t calls);

  Timed timed_;
  SamplerOptions options_;
  Counters* counters_;
  double clock_read_ns_, call_ns_ = 0, delay_ns_ = 0;
  BatchPlan plan_;
};

}  // namespace bitproof
