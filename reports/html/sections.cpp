#include "reports/html/sections.hpp"

#include <algorithm>

namespace bitproof::html {

std::vector<const Json*> measured_arms(const Json& run) {
  std::vector<const Json*> arms;
  for (const Json& a : look(run, {"arms"})) {
    if (look(a, {"tok_per_s"}).is_object()) arms.push_back(&a);
  }
  return arms;
}

const Json* fastest_arm(const Json& run) {
  const auto arms = measured_arms(run);
  const auto rate = [](const Json* a) { return look(*a, {"tok_per_s", "median"}).get<double>(); };
  const auto best = std::ranges::max_element(arms, {}, rate);
  return best == arms.end() ? nullptr : *best;
}

}  // namespace bitproof::html
