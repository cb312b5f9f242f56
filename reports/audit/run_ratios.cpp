// Ratios of two recipes, against their samples.
#include <cmath>
#include <map>

#include "reports/audit/run_collector.hpp"
#include "reports/audit/run_json.hpp"
#include "statistics.hpp"

namespace bitproof::audit {
namespace {

// Rate by round; the samples of an arm that does not say are of rounds 0, 1, ...
std::map<double, double> rates_by_round(const Json& arm) {
  std::map<double, double> rates;
  each(member(arm, "samples"), [&](const Json& s, std::size_t i) {
    const auto tokens = finite(s, "tokens"), ns = finite(s, "wall_ns");
    if (tokens && ns && *ns > 0) rates[finite(s, "round").value_or(static_cast<double>(i))] = 1e9 * *tokens / *ns;
  });
  return rates;
}

std::vector<double> ratios_by_round(const Json& with, const Json& without) {
  std::vector<double> ratios;
  const auto base = rates_by_round(without);
  for (const auto& [round, rate] : rates_by_round(with)) {
    const auto other = base.find(round);
    const double ratio = other == base.end() ? 0 : rate / other->second;
    if (ratio > 0 && std::isfinite(ratio)) ratios.push_back(ratio);
  }
  return ratios;
}

// Of samples in several placement states an attribution takes out what the state does.
bool in_one_state(const Json& arm) {
  const auto states = states_of(arm);
  return !states.contains("A") && !states.contains("B");
}

}  // namespace

void collect_ratio(RunCollector& collect, const Json& of, const std::string& key, const std::string& path,
                   const std::string& with, const std::string& without) {
  const Json& detail = member(of, key + "_detail");
  const auto a = find_arm(collect.run, with), b = find_arm(collect.run, without);
  if (!detail.is_object() || !a || !b) return;
  const std::vector<double> ratios = ratios_by_round(*a->json, *b->json);
  if (ratios.empty()) return;
  const auto hold = [&](const char* what, double by_samples) {
    const std::string id = fmt::format("ratio{}", collect.report.claims.size());
    collect.add(id + "_pairs", fmt::format("arms[{}] ({}) over arms[{}] ({}), by round", a->i, with, b->i, without),
                by_samples, "ratio", "x");
    Claim* c = collect.add(id, fmt::format("{}.{}_detail.{}", path, key, what), finite(detail, what), "speedup", "x");
    if (!c) return;
    c->implied = {id + "_pairs"};
    c->over = arm_id(b->i) + "_rate";
    c->threads = at_least_one(*a->json, "threads");
    c->samples = at_least_one(detail, "n").value_or(0);
  };
  hold("median", median(ratios));
  if (!in_one_state(*a->json) || !in_one_state(*b->json)) return;
  hold("geometric_mean", geometric_mean(ratios));
  const std::string mean = collect.report.claims.back().id;
  if (Claim* c = collect.add(mean + "_shown", fmt::format("{}.{}", path, key), finite(of, key), "ratio", "x"))
    c->implied = {mean};
}

}  // namespace bitproof::audit
