#include "sample_state.hpp"

#include "ceiling.hpp"

namespace bitproof {

Reading read_state() {
  const MachineState placement = probe_state();
  return {placement.ping_pong_ns, clock_probe_ghz(), placement.why};
}

StateWatch::StateWatch(Counters* counters) : counters_(counters) {
  state_.before = read_state();
  load_.emplace();
  if (counters_) counters_->start();
}

SampleState StateWatch::end() {
  if (counters_) {
    state_.counters = counters_->read();
  } else {
    state_.counters.why.fill("not counted");
  }
  state_.load = load_->read();
  state_.after = read_state();
  return state_;
}

}  // namespace bitproof
