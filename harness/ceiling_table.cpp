#include "ceiling_table.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "together.hpp"

namespace bitproof {
namespace {

constexpr double kNoticeable = 0.05;

}  // namespace

bool disturbed(const Load& load) {
  return load.foreign_fraction.value_or(0) > kNoticeable || load.steal_fraction.value_or(0) > kNoticeable;
}

bool undisturbed(const Load& load) { return load.foreign_fraction && load.steal_fraction && !disturbed(load); }

void CeilingTable::add(std::vector<ReadSample> taken) {
  for (ReadSample& s : taken) {
    if (!had_its_cpus(s.load.own_cpus, s.threads)) {
      disturbed_reads.push_back(std::move(s));
      continue;
    }
    states.add({s.ping_pong_ns, "", {}});
    samples.push_back(std::move(s));
  }
}

void CeilingTable::add(std::vector<PeakSample> taken) {
  for (PeakSample& s : taken) {
    if (!had_its_cpus(s.cpus, s.threads)) {
      disturbed_peaks.push_back(std::move(s));
      continue;
    }
    states.add({s.ping_pong_ns, "", {}});
    peaks.push_back(std::move(s));
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

std::optional<PeakCeiling> CeilingTable::peak(const std::string& what, int threads, const std::string& state,
                                              const std::string& isa) const {
  if (state == "unknown") return std::nullopt;
  const auto asked = [&](const PeakSample& s) {
    return s.what == what && s.threads == threads && (isa.empty() || s.isa == isa);
  };
  std::map<std::pair<std::string, std::string>, std::vector<double>> rates;  // by ISA and pattern
  const PeakSample* fastest = nullptr;
  for (const auto* list : {&peaks, &disturbed_peaks}) {
    for (const PeakSample& s : *list) {
      if (asked(s) && (!fastest || s.per_ns > fastest->per_ns)) fastest = &s;
    }
  }
  for (const PeakSample& s : peaks) {
    if (asked(s) && states.label(s.ping_pong_ns) == state) rates[{s.isa, s.pattern}].push_back(s.per_ns);
  }
  std::optional<PeakCeiling> best;
  for (const auto& [key, list] : rates) {
    if (list.size() < kFewestCeilingSamples) continue;
    if (best && best->per_ns.median >= median(list)) continue;
    best = PeakCeiling{key.first, key.second, estimate(list)};
  }
  if (!best) return best;
  const bool lacks_fastest = rates[{fastest->isa, fastest->pattern}].size() < kFewestCeilingSamples;
  return lacks_fastest && fastest->per_ns > kMostOfPeak * best->per_ns.median ? std::nullopt : best;
}

double CeilingTable::most_read(int threads, const std::string& state) const {
  double most = 0;
  if (!at(threads, state)) return most;
  for (const auto* list : {&samples, &disturbed_reads}) {
    for (const ReadSample& s : *list) {
      if (s.threads == threads && states.label(s.ping_pong_ns) == state) most = std::max(most, s.gb_per_s);
    }
  }
  return most;
}

double CeilingTable::most(const std::string& what, int threads, const std::string& state,
                          const std::string& isa) const {
  double most = 0;
  if (!peak(what, threads, state, isa)) return most;
  for (const auto* list : {&peaks, &disturbed_peaks}) {
    for (const PeakSample& s : *list) {
      const bool asked = s.what == what && s.threads == threads && (isa.empty() || s.isa == isa);
      if (asked && states.label(s.ping_pong_ns) == state) most = std::max(most, s.per_ns);
    }
  }
  return most;
}

std::optional<double> CeilingTable::fraction(double gb_per_s, int threads,
                                             const std::optional<double>& ping_pong_ns) const {
  const auto ceiling = at(threads, states.label(ping_pong_ns));
  return ceiling ? std::optional(gb_per_s / ceiling->gb_per_s.median) : std::nullopt;
}

std::set<std::string> CeilingTable::states_of(std::span<const std::optional<double>> readings) const {
  std::set<std::string> labels;
  for (const std::optional<double>& r : readings) labels.insert(states.label(r));
  if (labels.erase("unknown") == 0 || labels.empty()) return labels;
  for (const ReadSample& s : samples) labels.insert(states.label(s.ping_pong_ns));
  labels.erase("unknown");
  return labels;
}

}  // namespace bitproof
