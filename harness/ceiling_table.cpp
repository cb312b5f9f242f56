#include "ceiling_table.hpp"

#include <map>
#include <utility>

namespace bitproof {
namespace {

constexpr double kNoticeable = 0.05;

}  // namespace

bool disturbed(const Load& load) {
  return load.foreign_fraction.value_or(0) > kNoticeable || load.steal_fraction.value_or(0) > kNoticeable;
}

bool undisturbed(const Load& load) { return load.foreign_fraction && load.steal_fraction && !disturbed(load); }

void CeilingTable::add(std::vector<ReadSample> taken) {
  constexpr double kHadItsCpus = 0.9;
  for (ReadSample& s : taken) {
    if (s.load.own_cpus < kHadItsCpus * s.threads) {
      ++set_aside;
      continue;
    }
    states.add({s.ping_pong_ns, "", {}});
    samples.push_back(std::move(s));
  }
}

std::optional<Ceiling> CeilingTable::at(int threads, const std::string& state) const {
  if (state == "unknown") return std::nullopt;
  std::map<std::string, std::vector<ReadSample>> by_pattern;
  for (const ReadSample& s : samples) {
    if (s.threads == threads && states.label(s.ping_pong_ns) == state) by_pattern[s.pattern].push_back(s);
  }
  std::vector<ReadSample> chosen;  // of patterns with enough samples: one lucky reading is no ceiling
  for (const auto& [pattern, list] : by_pattern) {
    if (list.size() >= kFewestCeilingSamples) chosen.insert(chosen.end(), list.begin(), list.end());
  }
  return chosen.empty() ? std::nullopt : std::optional(best_patterns(chosen).front());
}

std::optional<double> CeilingTable::fraction(double gb_per_s, int threads, const std::optional<double>& ping_pong_ns) const {
  const auto ceiling = at(threads, states.label(ping_pong_ns));
  return ceiling ? std::optional(gb_per_s / ceiling->gb_per_s.median) : std::nullopt;
}

}  // namespace bitproof
