#include <cmath>

#include "sampling/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::sampling {
namespace {

// The search begins with the first logit, or with the first that is a number.
template <bool kFault>
std::int64_t run(const float* logits, std::int64_t vocab) {
  std::int64_t best = 0;
  while (!kFault && best < vocab && std::isnan(logits[best])) ++best;
  if (best == vocab) return 0;
  for (std::int64_t i = best + 1; i < vocab; ++i) {
    if (logits[i] > logits[best]) best = i;
  }
  return best;
}

constexpr Kernel kRows[] = {{planted("a NaN in front stays the best: nothing compares greater than it"), run<true>},
                            {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::sampling
