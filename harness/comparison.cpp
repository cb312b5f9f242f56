#include "comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <set>

#include "states.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

double log_effect(const CompareRules& rules) { return std::log1p(rules.smallest_effect); }

double corrected(const CompareRules& rules, int comparisons) { return 1 - (1 - rules.confidence) / comparisons; }

std::string why_set_aside(const TimedBatch& batch) {
  const bool valid = std::ranges::all_of(batch.ns, [](double ns) { return ns > 0 && std::isfinite(ns); });
  return valid ? disturbance(batch.state.load) : "the clock went backwards";
}

// Which state each batch of a comparison was taken in, by placement and clock together.
class Labels {
 public:
  explicit Labels(const std::vector<Launch>& launches) {
    std::vector<ReadingPair> placements, clocks;
    for (const Launch& launch : launches) {
      for (const Round& round : launch) {
        for (const TimedBatch& batch : round.arm) {
          placements.push_back(placement(batch));
          clocks.push_back(clock(batch));
        }
      }
    }
    placements_ = States(placements);
    clocks_ = States(clocks);
    const auto read = [](const ReadingPair& r) { return r.before || r.after; };
    has_placements_ = std::ranges::any_of(placements, read);
    has_clocks_ = std::ranges::any_of(clocks, read);
  }

  // The state, or none and why the batch has no state.
  std::optional<int> of(const TimedBatch& batch, std::string& why) const {
    const std::optional<int> p = has_placements_ ? placements_.of(placement(batch)) : 0;
    const std::optional<int> c = has_clocks_ ? clocks_.of(clock(batch)) : 0;
    if (p && c) return *c * States::kMost + *p;
    const bool unread = (has_placements_ && missing(placement(batch))) || (has_clocks_ && missing(clock(batch)));
    why = unread ? "its state could not be read" : "the state changed during it";
    return std::nullopt;
  }

  std::string name(int state) const {
    std::string text = !has_placements_           ? "not read"
                       : placements_.count() == 1 ? "one state"
                                                  : std::string(1, static_cast<char>('A' + state % States::kMost));
    if (clocks_.count() > 1) text += fmt::format(", clock {}", state / States::kMost + 1);
    return text;
  }

 private:
  static ReadingPair placement(const TimedBatch& b) {
    return {b.state.before.ping_pong_ns, b.state.after.ping_pong_ns};
  }
  static ReadingPair clock(const TimedBatch& b) { return {b.state.before.clock_ghz, b.state.after.clock_ghz}; }
  static bool missing(const ReadingPair& r) { return !r.before || !r.after; }

  States placements_, clocks_;
  bool has_placements_ = false, has_clocks_ = false;
};

// Logarithms of paired ratios, by state and launch.
using Pairs = std::map<int, std::map<std::size_t, std::vector<double>>>;

struct Evidence {
  std::vector<double> by_launch;  // medians
  int pairs = 0;
};

Evidence evidence_of(const std::map<std::size_t, std::vector<double>>& launches) {
  Evidence e;
  for (const auto& [launch, logs] : launches) {
    e.by_launch.push_back(median(logs));
    e.pairs += static_cast<int>(logs.size());
  }
  return e;
}

Evidence pooled(const Pairs& states) {
  std::map<std::size_t, std::vector<double>> all;
  for (const auto& [state, launches] : states) {
    for (const auto& [launch, logs] : launches) all[launch].insert(all[launch].end(), logs.begin(), logs.end());
  }
  return evidence_of(all);
}

// That the effect is the same in all states is not assumed: every difference between two of them must be shown, with
// the corrected confidence, to be under the smallest effect.
bool may_be_pooled(const Pairs& states, const CompareRules& rules) {
  const double confidence = corrected(rules, rules.comparisons);
  for (auto one = states.begin(); one != states.end(); ++one) {
    for (auto other = std::next(one); other != states.end(); ++other) {
      const MeanInterval d =
          difference_interval(evidence_of(one->second).by_launch, evidence_of(other->second).by_launch, confidence);
      if (!(std::abs(d.mean) + d.half_width < log_effect(rules))) return false;
    }
  }
  return states.size() > 1;
}

bool decided(const RatioVerdict& r) { return r.verdict == Effect::faster || r.verdict == Effect::slower; }

struct Judged {
  std::vector<StateVerdict> by_state;
  StateVerdict headline;
  std::set<int> weak;  // states in which too few launches were taken to decide anything
};

Judged judge_pairs(Pairs states, const Labels& labels, const CompareRules& rules) {
  const auto weak = [](const auto& state) { return state.second.size() < kRecurrences; };
  Judged judged;
  if (!std::ranges::all_of(states, weak)) {
    for (const auto& state : states) {
      if (weak(state)) judged.weak.insert(state.first);
    }
    std::erase_if(states, weak);
  }
  const bool pool = may_be_pooled(states, rules);
  const int comparisons = rules.comparisons * (pool ? 1 : std::max<int>(1, static_cast<int>(states.size())));
  const auto judge = [&](const Evidence& e) { return judge_ratios(e.by_launch, e.pairs, rules, comparisons); };
  for (const auto& [state, launches] : states) {
    judged.by_state.push_back({labels.name(state), judge(evidence_of(launches))});
  }
  judged.headline = pool             ? StateVerdict{"pooled", judge(pooled(states))}
                    : states.empty() ? StateVerdict{"none", judge({})}
                                     : combined(judged.by_state);
  return judged;
}

void decide(RatioVerdict& r, double low, double high, std::span<const double> logs, const CompareRules& rules) {
  const double centre = std::log(*r.ratio);
  const bool excludes_one = low > 0 || high < 0;
  const bool large_enough = std::abs(centre) >= std::log1p(rules.smallest_effect / 2);
  const auto recurs = std::ranges::count_if(logs, [&](double log) { return log * centre > 0; });
  if (excludes_one && large_enough && recurs >= kRecurrences) {
    r.verdict = centre > 0 ? Effect::slower : Effect::faster;
  } else if (low >= -log_effect(rules) && high <= log_effect(rules)) {
    r.verdict = Effect::same;
  } else if (excludes_one && large_enough) {
    r.why = fmt::format("the sign recurs in {} launches, and {} are asked", recurs, kRecurrences);
  } else {
    r.why = excludes_one ? "a difference, but not shown to be of a size that matters"
                         : "the interval holds both no difference and one that matters";
  }
}

}  // namespace

const char* name(Effect effect) {
  static constexpr const char* kNames[] = {"FASTER", "SLOWER", "SAME", "AMBIGUOUS"};
  return kNames[static_cast<int>(effect)];
}

double TimedBatch::median_ns() const { return median(ns); }

RatioVerdict judge_ratios(std::span<const double> logs, int pairs, const CompareRules& rules, int comparisons) {
  RatioVerdict r{.confidence = corrected(rules, comparisons), .pairs = pairs};
  if (logs.empty()) {
    r.why = "no two samples were taken in one state of the machine with nobody else on it";
    return r;
  }
  const auto [centre, half_width] = mean_interval(logs, r.confidence);
  r.ratio = std::exp(centre);
  r.ci_low = std::exp(centre - half_width);
  r.ci_high = std::exp(centre + half_width);
  for (const double log : logs) r.by_launch.push_back(std::exp(log));
  decide(r, centre - half_width, centre + half_width, logs, rules);
  return r;
}

RatioVerdict judge_unpaired(std::span<const double> a_ns, std::span<const double> b_ns, const CompareRules& rules) {
  const auto logarithms = [](std::span<const double> ns) {
    std::vector<double> logs;
    for (const double x : ns) logs.push_back(std::log(x));
    return logs;
  };
  RatioVerdict r{.confidence = corrected(rules, rules.comparisons),
                 .pairs = static_cast<int>(std::min(a_ns.size(), b_ns.size()))};
  const auto [centre, half_width] = difference_interval(logarithms(b_ns), logarithms(a_ns), r.confidence);
  r.ratio = std::exp(centre);
  r.ci_low = std::exp(centre - half_width);
  r.ci_high = std::exp(centre + half_width);
  const double most = log_effect(rules);
  if (centre - half_width > most) {
    r.verdict = Effect::slower;
  } else if (centre + half_width < -most) {
    r.verdict = Effect::faster;
  } else if (std::abs(centre) + half_width <= most) {
    r.verdict = Effect::same;
  } else {
    r.why = "the interval is not all beyond the smallest effect, nor all within it";
  }
  return r;
}

StateVerdict combined(const std::vector<StateVerdict>& states) {
  std::set<Effect> effects;
  std::vector<std::string> words;
  for (const StateVerdict& s : states) {
    effects.insert(s.result.verdict);
    words.push_back(fmt::format("{} {}", s.state, name(s.result.verdict)));
  }
  // The state that says most, then the one with most pairs.
  const auto weight = [&](const StateVerdict& s) {
    const bool same = s.result.verdict == Effect::same;
    return std::pair(decided(s.result) ? 2 : effects.contains(Effect::ambiguous) && same ? 0 : 1, s.result.pairs);
  };
  StateVerdict headline = *std::ranges::max_element(states, {}, weight);
  if (effects.contains(Effect::faster) && effects.contains(Effect::slower)) {
    headline.result.verdict = Effect::ambiguous;
    headline.result.why = "faster in one state of the machine, slower in another";
  }
  if (states.size() > 1) headline.state = fmt::format("{} ({})", headline.state, fmt::join(words, ", "));
  return headline;
}

CaseComparison judge_launches(std::vector<Launch> launches, const CompareRules& rules) {
  CaseComparison c;
  const Labels labels(launches);
  Pairs change, control;
  std::map<int, int> taken_in;  // batches by state
  std::vector<double> usable_ns[kSeats];
  for (std::size_t l = 0; l < launches.size(); ++l) {
    for (const Round& round : launches[l]) {
      std::optional<int> state[kSeats];
      for (int seat = 0; seat < kSeats; ++seat) {
        const TimedBatch& batch = round.arm[seat];
        ++c.samples;
        std::string why = why_set_aside(batch);
        if (why.empty()) state[seat] = labels.of(batch, why);
        if (!why.empty()) {
          ++c.set_aside[why];
        } else {
          usable_ns[seat].push_back(batch.median_ns());
          ++taken_in[*state[seat]];
        }
      }
      const auto log_ns = [&](Seat seat) { return std::log(round[seat].median_ns()); };
      const auto together = [&](Seat x, Seat y) {
        return state[static_cast<int>(x)] && state[static_cast<int>(x)] == state[static_cast<int>(y)];
      };
      if (together(Seat::a, Seat::control)) {
        control[*state[static_cast<int>(Seat::a)]][l].push_back(log_ns(Seat::control) - log_ns(Seat::a));
      }
      // Both runs of A are A: as many as were taken in B's state are what B is held against.
      std::vector<double> base;
      for (const Seat seat : {Seat::a, Seat::control}) {
        if (together(Seat::b, seat)) base.push_back(log_ns(seat));
      }
      if (base.empty()) continue;
      const double mean = std::accumulate(base.begin(), base.end(), 0.0) / static_cast<double>(base.size());
      change[*state[static_cast<int>(Seat::b)]][l].push_back(log_ns(Seat::b) - mean);
    }
  }
  const Judged judged = judge_pairs(change, labels, rules);
  for (const int state : judged.weak) {
    c.set_aside[fmt::format("state {} was met in fewer than {} launches", labels.name(state), kRecurrences)] +=
        taken_in[state];
  }
  c.result = judged.headline.result;
  c.state = judged.headline.state;
  c.by_state = judged.by_state;
  c.control = judge_pairs(control, labels, rules).headline.result;
  if (decided(*c.control) && c.result.verdict != Effect::ambiguous) {
    c.result.why = fmt::format("{}, but the A/A control is {}: what differs is not what is compared",
                               name(c.result.verdict), name(c.control->verdict));
    c.result.verdict = Effect::ambiguous;
  }
  const auto middle = [&](Seat seat) {
    const std::vector<double>& ns = usable_ns[static_cast<int>(seat)];
    return ns.empty() ? std::nullopt : std::optional(median(ns));
  };
  c.median_a_ns = middle(Seat::a);
  c.median_b_ns = middle(Seat::b);
  c.launches = std::move(launches);
  return c;
}

std::optional<int> Comparison::aa_false_alarms() const {
  std::optional<int> alarms;
  for (const CaseComparison& c : cases) {
    if (c.control) alarms = alarms.value_or(0) + decided(*c.control);
  }
  return alarms;
}

bool Comparison::any(Effect effect) const {
  return std::ranges::any_of(cases, [&](const CaseComparison& c) { return c.result.verdict == effect; });
}

bool Comparison::any_failure() const {
  return std::ranges::any_of(cases, [](const CaseComparison& c) { return !c.failure.empty(); });
}

}  // namespace bitproof
