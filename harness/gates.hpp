// What a finished arm, or all arms of a comparison, must satisfy before their numbers stand: ledger, witnesses,
// physics, and logits that agree. Each fault is one line; none means that the numbers may be credited.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "arm.hpp"
#include "ceiling_table.hpp"

namespace bitproof {

// Median over the samples of bytes x tok/s over the ceiling of each sample's own state; none if one of them has none.
std::optional<double> fraction_of_ceiling(const Arm& arm, const CeilingTable& ceilings);

// The slots whose variants decide how floats are rounded: recipes that agree on them agree on every logit, to the bit.
RecipeNames float_slots(const RecipeNames& names);

// `cores`: on one core threading has nothing to engage, and gets no credit.
std::vector<std::string> faults(const Arm& arm, const CeilingTable& ceilings, int cores);

// Every arm has decoded the same tokens from the same prefix. Arms whose float ops and cache are the same variants must
// agree to the bit on all of them. Between others one ulp turns an int8 near a tie into its neighbour, and 32 layers
// make that grow: how far is a property of the weights, no bound is derived for it, and it is reported, not judged.
// What judges those ops is their own check, and every layer of the tiny model's loop from inputs identical to the
// reference's.
struct LogitsAgreement {
  std::string reference;             // label of the first arm
  int bit_equal = 0;                 // arms that agree to the bit, on every timed token, where they must
  std::int64_t tokens_compared = 0;  // of those arms
  double largest_kld = 0;            // of any arm from the first, in nats
  std::vector<std::string> faults;
};
LogitsAgreement compare_logits(std::span<const std::unique_ptr<Arm>> arms);

}  // namespace bitproof
