// The canary swap: into one slot of a loop comes a twin of its kernel that spoils its output, and the logits must
// change; then one that waits in every call, and the token must take longer by the wait times the calls. A slot that
// shows nothing is not engaged, whatever its name says.
//
// Meant for a tiny model: with the loop's own code and the very kernels of the recipe but one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decoder.hpp"
#include "verdict.hpp"

namespace bitproof {

// The tiny model, packed for every variant that runs here.
std::unique_ptr<PackedModel> tiny_in_every_form(std::uint64_t seed);

struct Canary {
  std::string op, id;
  bool changed = false;    // by the poisoned twin: logits, or for sampling the token
  std::int64_t calls = 0;  // a token, as the twin counted them
  double expected_ns = 0;  // all its waits together
  double slowed_ns = 0;    // what the token took longer
  double booked_ns = 0;    // what the loop's own ledger shows under the ops of the slot
  Verdict verdict;         // checks: "canary", "call count", "work count", "stale memory", "dose-response"
};

class CanaryBench {
 public:
  // The model must outlive the bench and hold the forms that the recipes read.
  explicit CanaryBench(const PackedModel& model) : model_(model) {}

  // One result a slot, in the order of the ops. `clock` is the one that the loop and its arm read.
  std::vector<Canary> run(const Recipe& recipe, int threads, const MakeDecoder& make, ClockNs clock = steady_ns) const;

 private:
  struct Trial;

  template <class Kernel>
  Canary swap(const Trial& trial, const std::string& op, const Slot<Kernel>& slot,
              Slot<Kernel> LoopSlots::*place) const;

  const PackedModel& model_;
};

}  // namespace bitproof
