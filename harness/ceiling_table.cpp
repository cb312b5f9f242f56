#include "ceiling_table.hpp"

#include <utility>

namespace bitproof {

bool disturbed(const Load& load) {
  constexpr double kNoticeable = 0.05;
  return load.foreign_fraction.value_or(0) > kNoticeable || load.steal_fraction.value_or(0) > kNoticeable;
}

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
  std::vector<ReadSample> chosen;
  for (const ReadSample& s : samples) {
    if (s.threads == threads && states.label(s.ping_pong_ns) == state) chosen.push_back(s);
  }
  if (chosen.empty()) return std::nullopt;
  const Ceiling best = best_patterns(chosen).front();
  return best.gb_per_s.samples.size() < kFewestCeilingSamples ? std::nullopt : std::optional(best);
}

std::optional<double> CeilingTable::fraction(double gb_per_s, int threads, const std::optional<double>& ping_pong_ns) const {
  const auto ceiling = at(threads, states.label(ping_pong_ns));
  return ceiling ? std::optional(gb_per_s / ceiling->gb_per_s.median) : std::nullopt;
}

}  // namespace bitproof
