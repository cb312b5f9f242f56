// A loop held against the reference loop step by step.
//
// In lockstep: what every step leaves is compared, and then the reference's own numbers are put in its place, so that
// the next step starts from inputs identical to the reference's. Integers, sums and elementwise floats must be
// bit-equal; norms, RoPE, attention and the gate within the bounds derived for one op. No error accumulates, no
// near-tie cascades, and the logits must come out bit-equal to the reference's.
//
// Free: the same tokens with nothing replaced. As long as every quantized activation is the reference's, the logits may
// differ by KLD 1e-5 at most; where one is not, rounding has met a tie, and the comparison says so.
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

struct LayerCheckOptions {
  int threads = 1;
  std::int64_t capacity = 0;  // positions that the cache holds, and a query sees
  std::int64_t prefix = 0;    // of the tokens, prefilled; the others are fed one by one
  double nmse_bound = 0;      // published by the recipe's approximate products; 0: they are exact
};

struct LayerCheck {
  Verdict verdict;                         // checks: "step order", "layers", "ties", "logits"
  std::int64_t steps = 0;                  // compared in lockstep
  std::int64_t ties = 0;                   // integers that the loop's own rounding flipped, each shown to be near a tie
  std::int64_t differing = 0;              // quantized activations of the free run that are not the reference's
  double largest_kld = 0;                  // of any token of the free run
  std::vector<std::vector<float>> hidden;  // free run: the stream after every layer of every pass
};

// The tokens through the decoder that `make` makes of these slots, and through the reference loop.
LayerCheck check_layers(const PackedModel& model, const LoopSlots& slots, std::span<const std::int32_t> tokens,
                        const LayerCheckOptions& options, const MakeDecoder& make);

}  // namespace bitproof
