#include <cmath>

#include "sampling/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::sampling {
namespace {

template <bool kFault>
std::int64_t run(const float* logits, std::int64_t vocab) {
  std::int64_t best = -1;
  for (std::int64_t i = 0; i < vocab; ++i) {
    if (std::isnan(logits[i])) continue;
    if (best < 0 || logits[i] > logits[best] || (kFault && logits[i] == logits[best])) best = i;
  }
  return best < 0 ? 0 : best;
}

constexpr Kernel kRows[] = {{planted("the last of equal logits wins: a vector maximum keeps no order"), run<true>},
                            {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::sampling
