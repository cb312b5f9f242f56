#include <cmath>

#include "sampling/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::sampling {
namespace {

template <bool kFault>
std::int64_t run(const float* logits, std::int64_t vocab) {
  std::int64_t best = -1;
  for (std::int64_t i = 0; i < vocab; ++i) {
    if (!kFault && std::isnan(logits[i])) continue;
    if (best < 0 || logits[i] > logits[best] || std::isnan(logits[i])) best = i;
  }
  return best < 0 ? 0 : best;
}

constexpr Kernel kRows[] = {{planted("a NaN wins, as it does where floats are compared by their bits"), run<true>},
                            {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::sampling
