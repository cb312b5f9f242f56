// What `bitproof loop` times beside decoding at one depth: decoding at others, and a prefill. Every rate is held
// against the ceilings of the same run, as that of any token is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "arm.hpp"
#include "ceiling_table.hpp"
#include "physics.hpp"
#include "weight_source.hpp"

namespace bitproof {

struct TimedPoint {
  std::int64_t positions;           // before the first timed token; of a prefill, those that it computes
  std::vector<double> tok_per_s{};  // a sample each
  Ledger work{};                    // of a token on average; of a prefill, what the whole of it needs at least
  std::int64_t tokens = 1;          // that this work makes
};

// Decoding from 64, 128, 256 ... positions and from all that are filled, every depth once a round, by an arm that was
// sampled and so has the prefix in its cache. Tokens are the prompt's: the prefix stays what it is. Points without a
// sample where it was interrupted.
std::vector<TimedPoint> time_depths(Arm& arm, std::span<const std::int32_t> prompt, std::int64_t tokens, int rounds);

// Replaces the prefix in the cache.
TimedPoint time_prefill(Arm& arm, const WeightSource& model, std::int64_t positions, int samples);

Judgement judge(const TimedPoint& point, const Arm& arm, const CeilingTable& ceilings);

// A line for each point above a ceiling; `what` is what they are: "depth", "prefill of".
std::vector<std::string> faults(std::span<const TimedPoint> points, const char* what, const Arm& arm,
                                const CeilingTable& ceilings);

}  // namespace bitproof
