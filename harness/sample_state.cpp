#include "sample_state.hpp"

#include <thread>

#include "ceiling.hpp"
#include "ceiling_table.hpp"

namespace bitproof {
namespace {

// Of the time of a sample in which its threads were ready and had no CPU: as much as makes a load foreign.
constexpr double kNoticeableWait = 0.05;

}  // namespace

Reading read_state() {
  const MachineState placement = probe_state();
  return {placement.ping_pong_ns, clock_probe_ghz(), placement.why};
}

std::string disturbance(const Load& load) {
  if (disturbed(load)) return "other work had the CPUs";
  if (static_cast<double>(load.run_queue_wait_ns) > kNoticeableWait * load.wall_s * 1e9) return "it waited for a CPU";
  return "";
}

StateWatch::StateWatch(Counters* counters) : counters_(counters) {
  state_.before = read_state();
  load_.emplace();
  if (counters_) counters_->start();
}

SampleState StateWatch::end(bool several_threads) {
  if (counters_) {
    state_.counters = counters_->read();
  } else {
    state_.counters.why.fill("not counted");
  }
  state_.load = load_->read();
  if (several_threads) std::this_thread::sleep_for(kSpinnersSleep);
  state_.after = read_state();
  return state_;
}

}  // namespace bitproof
