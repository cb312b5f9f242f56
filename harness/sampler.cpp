#include "sampler.hpp"

#include <algorithm>
#include <cmath>

#include "error.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

constexpr double kWarmUp_ns = 50e6;
constexpr std::int64_t kMostWarmUpCalls = 4096;
constexpr int kMostTries = 16;

std::int64_t whole_periods(double calls, std::int64_t period) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(calls / static_cast<double>(period)))) * period;
}

}  // namespace

// Chunks as short as the batch allows, so that a median over them is not moved by a disturbance of a few ms; but where
// whole periods do not fit, single calls, each batch beginning with the same ones.
BatchPlan plan_batch(double call_ns, double clock_read_ns, std::int64_t period, double batch_ns) {
  const double chunk_ns = std::max(kTicks * clock_read_ns, batch_ns / kMostChunks);
  BatchPlan plan;
  plan.calls = whole_periods(chunk_ns / call_ns, period);
  if (static_cast<double>(plan.calls) * call_ns * kFewestChunks > batch_ns) {
    plan.calls = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(kTicks * clock_read_ns / call_ns)));
  }
  const double chunks = batch_ns / (static_cast<double>(plan.calls) * call_ns);
  plan.chunks = static_cast<int>(std::clamp<double>(std::round(chunks), kFewestChunks, kMostChunks));
  return plan;
}

Sampler::Sampler(Timed timed, const SamplerOptions& options, Counters* counters)
    : timed_(std::move(timed)),
      options_(options),
      counters_(counters),
      clock_read_ns_(bitproof::clock_read_ns(options.clock)) {
  if (timed_.begin) timed_.begin();
  time_calls(1);             // first touch
  std::vector<double> last;  // chunks, each twice as long as the one before: the first are warm-up
  double spent_ns = 0;
  int tries = 0;
  for (std::int64_t calls = 1; spent_ns < kWarmUp_ns || last.size() < 3;
       calls = std::min(2 * calls, kMostWarmUpCalls)) {
    const double ns = time_calls(calls);
    if (ns > 0) last.push_back(ns);
    if (last.size() > 3) last.erase(last.begin());
    spent_ns += std::max(ns, 1.0) * static_cast<double>(calls);
    if (++tries > kMostTries && last.empty()) throw BadInput("the clock of this machine does not move forwards");
  }
  call_ns_ = median(last);
  delay_ns_ = options_.delay_share * call_ns_;
  plan_ = plan_batch(call_ns_, clock_read_ns_, timed_.period, options_.batch_ns);
}

// Of one call, in ns.
double Sampler::time_calls(std::int64_t calls) {
  const double start = options_.clock();
  for (std::int64_t i = 0; i < calls; ++i) {
    timed_.operation();
    if (delay_ns_ <= 0) continue;
    for (const double from = options_.clock(); options_.clock() - from < delay_ns_;) {
    }
  }
  return (options_.clock() - start - clock_read_ns_) / static_cast<double>(calls);
}

TimedBatch Sampler::take(std::string& fault) {
  if (timed_.begin) timed_.begin();
  TimedBatch batch;
  StateWatch watch(counters_);
  for (int i = 0; i < plan_.chunks; ++i) batch.ns.push_back(time_calls(plan_.calls));
  batch.state = watch.end(true);
  fault = timed_.verify();
  return batch;
}

}  // namespace bitproof
