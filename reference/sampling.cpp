#include "reference/sampling.hpp"

#include <cmath>

#include "reference/require.hpp"

namespace bitproof::reference {

std::int64_t greedy(std::span<const float> logits) {
  require(!logits.empty(), "greedy: no logits");
  std::size_t winner = 0;
  for (std::size_t i = 1; i < logits.size(); ++i) {
    if (logits[i] > logits[winner] || (std::isnan(logits[winner]) && !std::isnan(logits[i]))) winner = i;
  }
  return static_cast<std::int64_t>(winner);
}

}  // namespace bitproof::reference
