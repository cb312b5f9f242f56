#include "ceiling_table.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "together.hpp"

namespace bitproof {
namespace {

constexpr double kNoticeable = 0.05;

auto asked_for(const std::string& what, int threads, const std::string& isa) {
  return [=](const PeakSample& s) { return s.what == what && s.threads == threads && (isa.empty() || s.isa == isa); };
}

// The highest rate of those that `asked` is true of, undisturbed or not; null if there is none.
template <class Sample, class Asked, class Rate>
const Sample* fastest_of(const std::vector<Sample>& undisturbed, const std::vector<Sample>& disturbed, Rate rate,
                         const Asked& asked) {
  const Sample* fastest = nullptr;
  for (const auto* list : {&undisturbed, &disturbed}) {
    for (const Sample& s : *list) {
      if (asked(s) && (!fastest || s.*rate > fastest->*rate)) fastest = &s;
    }
  }
  return fastest;
}

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
  const auto asked = asked_for(what, threads, isa);
  std::map<std::pair<std::string, std::string>, std::vector<double>> rates;  // by ISA and pattern
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
  const PeakSample* fastest = fastest_of(peaks, disturbed_peaks, &PeakSample::per_ns, asked);
  const bool lacks_fastest = rates[{fastest->isa, fastest->pattern}].size() < kFewestCeilingSamples;
  return lacks_fastest && fastest->per_ns > kMostOfPeak * best->per_ns.median ? std::nullopt : best;
}

double CeilingTable::most_read(int threads, const std::string& state) const {
  if (!at(threads, state)) return 0;
  return fastest_of(samples, disturbed_reads, &ReadSample::gb_per_s,
                    [&](const ReadSample& s) { return s.threads == threads && states.label(s.ping_pong_ns) == state; })
      ->gb_per_s;
}

double CeilingTable::most(const std::string& what, int threads, const std::string& state,
                          const std::string& isa) const {
  if (!peak(what, threads, state, isa)) return 0;
  const auto asked = asked_for(what, threads, isa);
  return fastest_of(peaks, disturbed_peaks, &PeakSample::per_ns,
                    [&](const PeakSample& s) { return asked(s) && states.label(s.ping_pong_ns) == state; })
      ->per_ns;
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
