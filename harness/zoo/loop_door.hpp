// The door that token loops go through, for those that lie. A planted loop is the real one with one of its steps
// replaced.
#pragma once

#include <utility>

#include "loop_trial.hpp"
#include "zoo/fault.hpp"

namespace bitproof::zoo {

struct LoopCase {
  bool keeps_past = true;  // a recipe with a ring, or one that recomputes its prefix
  ClockNs clock = steady_ns;
  const char* kv = "f32";  // what the ring keeps
};

// The best recipe of this machine on one thread, with what `make` makes of its slots in place of the loop.
Kill judge_loop(const MakeDecoder& make, std::uint64_t seed, const LoopCase& c = {});

template <class Loop>
Subject loop_subject(const LoopCase& c = {}) {
  return [c](std::uint64_t seed) {
    const auto make = [](const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity,
                         ClockNs clock) { return std::make_unique<Loop>(model, slots, threads, capacity, clock); };
    return judge_loop(make, seed, c);
  };
}

// The same recipe with a batch of three sequences, each of which alone is nothing to find fault with.
Kill judge_batch_loop(const MakeBatchDecoder& make, std::uint64_t seed);

template <class Loop>
Subject batch_subject() {
  return [](std::uint64_t seed) {
    const auto make = [](const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity,
                         ClockNs clock, std::int64_t sequences) {
      return std::make_unique<Loop>(model, slots, threads, capacity, clock, sequences);
    };
    return judge_batch_loop(make, seed);
  };
}

// Tells the ledger that the model's formula wants, whatever was done; the times are those of what was done.
class ForgedLedger : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;

  void reset_ledger() override;
  const Ledger& ledger() const override;

 private:
  std::int64_t start_ = 0;
  mutable Ledger forged_;
};

// Tells that every slot's own function was called, and the ledger that the formula wants.
class ForgedRecord : public ForgedLedger {
 public:
  // claimed: the slots that it says it runs; used: those that it runs.
  ForgedRecord(const PackedModel& model, const LoopSlots& claimed, const LoopSlots& used, int threads,
               std::int64_t capacity, ClockNs clock);

  const Dispatch& dispatch() const override { return dispatch_claimed_; }

 private:
  Dispatch dispatch_claimed_;
};

// A cleared variant that somebody may put where it does not belong.
template <class Kernel>
Slot<Kernel> slot(const std::string& id) {
  Clearance clearance;
  return clearance.clear<Kernel>(id);
}

}  // namespace bitproof::zoo
