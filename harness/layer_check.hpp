// A loop held against the reference loop step by step.
//
// In lockstep: what every step leaves is compared, and then the reference's own numbers are put in its place, so that
// the next step starts from inputs identical to the reference's. Integers, sums and elementwise floats must be
// bit-equal; norms, RoPE, attention and the gate within the bounds derived for one op. No error accumulates, no
// near-tie cascades, and the logits must come out bit-equal to the reference's.
//
// Free: the same tokens, floats left as they come, and the logits within KLD 1e-5. Where rounding pushes an activation
// over a tie of its quantization, the integer must be one that the reference's error analysis says is near a tie,
// counting no drift from before the last quantization; it is then set to the reference's, or one tie would cascade
// through the rest of the run. Ties are counted: a loop that met none was never touched.
//
// A cache that keeps less than floats is approximate: the reference loop reads keys and values as such a cache has
// them, so that in lockstep all is still bit-equal or bounded; what was given and what was kept differ by no more than
// the published NMSE; and the logits of the free run stay within 1e-3 of those with a cache of floats.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "decoder.hpp"
#include "verdict.hpp"

namespace bitproof {

// Divergence of logits in nats where exact kernels are swapped, and where approximate ones are.
inline constexpr double kMostDivergence = 1e-5;
inline constexpr double kMostApproximateDivergence = 1e-3;

// What the reference loop makes of the tokens when a query sees the last `capacity` positions.
struct LayerTruth {
  LayerTruth(const PackedModel& of, std::span<const std::int32_t> fed, std::int64_t cache_capacity,
             kv_cache::Element kept = kv_cache::Element::f32);

  const PackedModel& model;  // must outlive this
  std::vector<std::int32_t> tokens;
  std::int64_t capacity;
  kv_cache::Element element;
  std::vector<reference::StepTruth> steps;
  std::vector<float> logits;  // [positions x vocab], with a cache of floats
  double kept_nmse = 0;       // of all keys and values, as kept against as given
};

struct LayerCheckOptions {
  int threads = 1;
  std::int64_t sequences = 1, sequence = 0;  // of a batch, the one that gets the tokens; each other one gets others
  std::int64_t prefix = 0;                   // of the tokens, prefilled; the others are fed one by one
  double nmse_bound = 0;                     // published by the recipe's approximate products; 0: they are exact
  double head_nmse_bound = 0;                // published by its head; 0: it is exact
  double kept_nmse_bound = 0;                // published by its cache; 0: it keeps floats
};

struct LayerCheck {
  Verdict verdict;         // checks: "step order", "layers", "cache", "ties", "logits"
  std::int64_t steps = 0;  // compared in lockstep
  std::int64_t ties = 0;   // integers that rounding flipped in the free run, each shown to be near a tie
  double largest_kld = 0;  // of any token of the free run, ties set
  double product_nmse = 0, head_nmse = 0, kept_nmse = 0;  // largest measured; 0 where nothing is approximate
  double cascaded_kld = 0;  // of any token, nothing set: reported, and judged where there were no ties
};

// The tokens through the decoder that `make` makes of these slots.
LayerCheck check_layers(const LayerTruth& truth, const LoopSlots& slots, const LayerCheckOptions& options,
                        const MakeDecoder& make);

}  // namespace bitproof
