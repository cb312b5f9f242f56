// What a finished arm, or all arms of a comparison, must satisfy before their numbers stand: ledger, witnesses, physics,
// and logits that agree. Each fault is one line; none means that the numbers may be credited.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "arm.hpp"
#include "ceiling_table.hpp"

namespace bitproof {

// Logits of arms whose float ops differ may differ by rounding, and by int8 values near a tie; facts of the model's
// sensitivity to both are in the reports. Divergence in nats.
inline constexpr double kMostKld = 1e-5;

// Median over the samples of bytes x tok/s over the ceiling of each sample's own state.
std::optional<double> fraction_of_ceiling(const Arm& arm, const CeilingTable& ceilings);

// `cores`: on one core threading has nothing to engage, and gets no credit.
std::vector<std::string> faults(const Arm& arm, const CeilingTable& ceilings, int cores);

// Every arm has decoded the same first token from the same prefix. Arms whose float ops and cache are the same variants
// must agree to the bit; others within kMostKld of the first arm.
struct LogitsAgreement {
  std::string reference;   // label of the first arm
  int bit_equal = 0;       // arms that agree to the bit where they must
  double largest_kld = 0;  // of the others
  std::vector<std::string> faults;
};
LogitsAgreement compare_logits(std::span<const std::unique_ptr<Arm>> arms);

}  // namespace bitproof
