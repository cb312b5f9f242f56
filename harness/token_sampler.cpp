#include "token_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace bitproof {

std::int32_t TokenSampler::choose(std::span<const float> logits) {
  std::vector<std::int32_t> order;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (!std::isnan(logits[i])) order.push_back(static_cast<std::int32_t>(i));
  }
  if (order.empty()) return 0;
  const auto value = [&](std::int32_t id) { return static_cast<double>(logits[static_cast<std::size_t>(id)]); };
  const auto better = [&](std::int32_t a, std::int32_t b) {
    return value(a) != value(b) ? value(a) > value(b) : a < b;
  };
  const std::size_t all = order.size();
  std::size_t among = how_.temperature == 0 ? 1
                      : how_.top_k == 0     ? all
                                            : std::min(all, static_cast<std::size_t>(how_.top_k));
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(among), order.end(), better);
  if (among == 1) return order[0];
  std::vector<double> sum;  // of the unnormalised probabilities up to each
  for (std::size_t i = 0; i < among; ++i) {
    sum.push_back((i > 0 ? sum.back() : 0) + std::exp((value(order[i]) - value(order[0])) / how_.temperature));
  }
  const auto drawn = std::ranges::upper_bound(sum, rng_.uniform() * sum.back()) - sum.begin();
  return order[std::min(static_cast<std::size_t>(drawn), among - 1)];
}

}  // namespace bitproof
