// The one door for judging a loop: whatever decodes tokens for a recipe passes through here, on the tiny model, before
// its tok/s on a real one mean anything. The same for TokenLoop and for whatever pretends to be it.
#pragma once

#include <memory>
#include <vector>

#include "arm.hpp"
#include "canary.hpp"
#include "layer_check.hpp"

namespace bitproof {

struct LoopTrial {
  Verdict verdict;  // the first check that did not pass
  std::vector<Canary> canaries;
  LayerCheck layers;
};

double published_nmse(const VariantInfo& info);  // what an approximate variant may be off by; 0: it is exact

// A ring: it takes positions past its capacity, over the oldest.
bool goes_past_its_end(const kv_cache::Kernel& kernel);

class LoopJudge {
 public:
  explicit LoopJudge(std::uint64_t seed = 1);  // of the model and its prompt

  // In this order: an arm's ledger, fingerprints and dispatch; every layer against the reference; the same past the
  // capacity of a cache that wraps; a canary in every slot. `clock` is the one that the loop and its arm read.
  LoopTrial judge(const ArmSpec& spec, const Recipe& recipe, const MakeDecoder& make = TokenLoop::make,
                  ClockNs clock = steady_ns) const;

  // A batch of a recipe that stands alone: the ledger of a step; the logits and choices of every sequence bit-equal to
  // those of it decoded alone; every layer of its first and its last sequence against the reference, past the capacity
  // of a cache that wraps too. Sequences get different tokens.
  Verdict judge_batch(const ArmSpec& spec, const Recipe& recipe, std::int64_t sequences,
                      const MakeBatchDecoder& make = TokenLoop::make_batch) const;

 private:
  Verdict as_if_alone(const ArmSpec& spec, const Recipe& recipe, std::int64_t sequences, const MakeBatchDecoder& make,
                      std::int64_t capacity, bool restored) const;
  // Every layer, here of the tokens up to the cache's end, and past it where it wraps.
  LayerCheck check(const ArmSpec& spec, const Recipe& recipe, bool past_its_end, const MakeDecoder& make,
                   std::int64_t sequences = 1, std::int64_t sequence = 0) const;
  Verdict sampled(const ArmSpec& spec, const Recipe& recipe, const MakeDecoder& make, ClockNs clock) const;

  std::unique_ptr<PackedModel> model_;
  LayerTruth layers_, wrapped_;
  CanaryBench canaries_;
};

}  // namespace bitproof
