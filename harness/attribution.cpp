#include "attribution.hpp"

#include <algorithm>

#include "memory_map.hpp"

namespace bitproof {
namespace {

// What the seeds' reports promised for each technique; the pool's figure is the one claimed for it there.
struct Promise {
  const char* text;
  double low, high;
};
constexpr Promise kPromised[kTechniqueCount] = {
    {"83.26 (claimed)", 83.26, 83.26},  // memory_pool
    {"4-8", 4, 8},                      // simd
    {"2-4", 2, 4},                      // threading
    {"1.2-1.5", 1.2, 1.5},              // prefetch
    {"3-5", 3, 5},                      // tmac
    {"2-3", 2, 3},                      // kv_cache
};

Techniques only(Technique t) { return Techniques{}.with(t); }

const Arm* find(std::span<const std::unique_ptr<Arm>> arms, Techniques set) {
  for (const auto& arm : arms) {
    if (arm->spec().techniques == set && !arm->samples().empty()) return arm.get();
  }
  return nullptr;
}

std::optional<RatioEstimate> ratio(const Arm* faster, const Arm* slower) {
  if (!faster || !slower) return std::nullopt;
  const std::size_t rounds = std::min(faster->samples().size(), slower->samples().size());
  std::vector<double> a, b;
  for (std::size_t i = 0; i < rounds; ++i) {
    a.push_back(faster->samples()[i].tok_per_s());
    b.push_back(slower->samples()[i].tok_per_s());
  }
  return ratio_estimate(a, b);
}

// Amdahl: with allocation and page faults gone, everything else takes as long as before.
std::optional<double> most_from_pool(const Arm* none) {
  if (!none) return std::nullopt;
  double faults = 0, tokens = 0;
  for (const LoopSample& s : none->samples()) {
    faults += static_cast<double>(s.page_faults);
    tokens += static_cast<double>(s.tokens);
  }
  const double memory_ns = none->ledger()[LoopOp::memory].ns / static_cast<double>(none->ledger().tokens);
  const double saved = memory_ns + faults / tokens * page_fault_ns();
  return none->wall_ns_per_token() / (none->wall_ns_per_token() - saved);
}

}  // namespace

std::vector<ArmSpec> attribution_arms(int threads, bool left_out) {
  std::vector<ArmSpec> arms = {arm_of(kNoTechniques, threads), arm_of(kAllTechniques, threads)};
  for (int t = 0; t < kTechniqueCount; ++t) arms.push_back(arm_of(only(static_cast<Technique>(t)), threads));
  for (int t = 0; left_out && t < kTechniqueCount; ++t) {
    const auto technique = static_cast<Technique>(t);
    arms.push_back(arm_of(kAllTechniques.without(technique), threads, std::string("all but ") + name(technique)));
  }
  return arms;
}

Attribution attribute(std::span<const std::unique_ptr<Arm>> arms) {
  Attribution result;
  for (const auto& arm : arms) result.arms_measured += !arm->samples().empty();
  const Arm* none = find(arms, kNoTechniques);
  const Arm* all = find(arms, kAllTechniques);
  result.total = ratio(all, none);
  for (int i = 0; i < kTechniqueCount; ++i) {
    const auto t = static_cast<Technique>(i);
    const Promise& promise = kPromised[i];
    TechniqueCredit credit{.technique = t,
                           .alone = ratio(find(arms, only(t)), none),
                           .without = ratio(all, find(arms, kAllTechniques.without(t))),
                           .most = t == Technique::memory_pool ? most_from_pool(none) : std::nullopt,
                           .engaged = false,
                           .evidence = "no arm with it was measured",
                           .expected = promise.text,
                           .realization_low = std::nullopt,
                           .realization_high = std::nullopt};
    bool wanted = false, engaged = true;
    for (const auto& arm : arms) {
      if (arm->samples().empty() || !arm->spec().techniques.has(t)) continue;
      const Witness w = arm->witnesses()[static_cast<std::size_t>(i)];
      if (!wanted || !w.engaged) credit.evidence = w.evidence;
      wanted = true;
      engaged &= w.engaged;
    }
    credit.engaged = wanted && engaged;
    const bool possible = credit.alone && (!credit.most || credit.alone->geometric_mean <= *credit.most);
    if (possible && credit.engaged) {
      credit.realization_low = (credit.alone->geometric_mean - 1) / (promise.high - 1);
      credit.realization_high = (credit.alone->geometric_mean - 1) / (promise.low - 1);
      if (*credit.realization_low > *credit.realization_high) std::swap(credit.realization_low, credit.realization_high);
    }
    result.techniques.push_back(std::move(credit));
  }
  return result;
}

}  // namespace bitproof
