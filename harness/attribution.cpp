#include "attribution.hpp"

#include <algorithm>

#include "memory_map.hpp"
#include "token_physics.hpp"

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

TokenTime token_time(const Arm& arm) {
  double faults = 0, tokens = 0;
  for (const LoopSample& s : arm.samples()) {
    faults += static_cast<double>(s.page_faults);
    tokens += static_cast<double>(s.tokens);
  }
  return {arm.ledger(), arm.wall_ns_per_token(), std::max(arm.residual_ns() + arm.timer_ns(), 0.0),
          faults / tokens * page_fault_ns()};
}

Change change_of(Technique t, const Arm& with, const Arm& without, const CeilingTable& ceilings) {
  Change change{.technique = t, .threads = with.spec().threads};
  for (const auto& [slot, id] : with.spec().names) {
    if (without.spec().names.at(slot) != id) change.slots.insert(slot);
  }
  const LoopTraits traits = traits_of(with.shape(), with.spec().names);
  const std::set<std::string> states = states_of(with, ceilings);
  for (int i = 0; i < kLoopOpCount; ++i) {
    const Work work = op_work(static_cast<LoopOp>(i), with.ledger(), traits);
    change.least_ns[static_cast<std::size_t>(i)] = least_ns(limits(work, with.spec().threads, states, ceilings));
  }
  return change;
}

// How much more of memory's bandwidth one of the states has that these arms were measured in. The states also differ in
// what a barrier costs, which is a small part of a token.
std::optional<double> placement(const Arm& a, const Arm& b, const CeilingTable& ceilings) {
  std::set<std::string> states = states_of(a, ceilings);
  states.merge(states_of(b, ceilings));
  if (states.empty()) return std::nullopt;
  if (states.size() == 1) return 1;
  std::vector<double> rates;
  for (const std::string& state : states) {
    const auto ceiling = ceilings.at(std::max(a.spec().threads, b.spec().threads), state);
    if (!ceiling) return std::nullopt;
    rates.push_back(ceiling->gb_per_s.median);
  }
  return std::ranges::max(rates) / std::ranges::min(rates);
}

void bound(Technique t, const Arm* with, const Arm* without, const CeilingTable& ceilings,
           const std::optional<RatioEstimate>& ratio, std::optional<Bound>& most, Credit& verdict) {
  if (!ratio) return;
  most = amdahl_bound(change_of(t, *with, *without, ceilings), token_time(*without));
  verdict = judge_credit(*ratio, *most, placement(*with, *without, ceilings));
}

// "memory_pool alone: IMPOSSIBLE: ..."; "" when it is not.
std::string fault(const std::string& what, const std::optional<RatioEstimate>& ratio, const std::optional<Bound>& most,
                  Credit verdict) {
  if (verdict != Credit::impossible) return "";
  return fmt::format(
      "{}: IMPOSSIBLE: {:.4g}x [{:.4g}, {:.4g}] would need {:.1f} % of the time, but {} leave {:.1f} % to "
      "save: {:.4g}x at most",
      what, ratio->geometric_mean, ratio->ci_low, ratio->ci_high, 100 * share_for(ratio->geometric_mean), most->by,
      100 * most->share, most->most);
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

Attribution attribute(std::span<const std::unique_ptr<Arm>> arms, const CeilingTable& ceilings) {
  Attribution result;
  for (const auto& arm : arms) result.arms_measured += !arm->samples().empty();
  const Arm* none = find(arms, kNoTechniques);
  const Arm* all = find(arms, kAllTechniques);
  result.total = ratio(all, none);
  for (int i = 0; i < kTechniqueCount; ++i) {
    const auto t = static_cast<Technique>(i);
    const Promise& promise = kPromised[i];
    const Arm* alone = find(arms, only(t));
    const Arm* all_but = find(arms, kAllTechniques.without(t));
    TechniqueCredit credit{.technique = t,
                           .alone = ratio(alone, none),
                           .without = ratio(all, all_but),
                           .evidence = "no arm with it was measured",
                           .expected = promise.text};
    bound(t, alone, none, ceilings, credit.alone, credit.most_alone, credit.verdict_alone);
    bound(t, all, all_but, ceilings, credit.without, credit.most_without, credit.verdict_without);
    bool wanted = false, engaged = true;
    for (const auto& arm : arms) {
      if (arm->samples().empty() || !arm->spec().techniques.has(t)) continue;
      const Witness w = arm->witnesses()[static_cast<std::size_t>(i)];
      if (!wanted || !w.engaged) credit.evidence = w.evidence;
      wanted = true;
      engaged &= w.engaged;
    }
    credit.engaged = wanted && engaged;
    const bool allowed = credit.verdict_alone == Credit::possible || credit.verdict_alone == Credit::noise;
    if (allowed && credit.engaged && credit.verdict_without != Credit::impossible) {
      credit.credited = std::min(credit.alone->geometric_mean, credit.most_alone->most);
      credit.realization_low = (*credit.credited - 1) / (promise.high - 1);
      credit.realization_high = (*credit.credited - 1) / (promise.low - 1);
      if (*credit.realization_low > *credit.realization_high)
        std::swap(credit.realization_low, credit.realization_high);
    }
    result.techniques.push_back(std::move(credit));
  }
  return result;
}

std::vector<std::string> faults(const Attribution& attribution) {
  std::vector<std::string> list;
  for (const TechniqueCredit& c : attribution.techniques) {
    const std::string technique = name(c.technique);
    for (const std::string& line : {fault(technique + " alone", c.alone, c.most_alone, c.verdict_alone),
                                    fault(technique + " in all", c.without, c.most_without, c.verdict_without)}) {
      if (!line.empty()) list.push_back(line);
    }
  }
  return list;
}

}  // namespace bitproof
