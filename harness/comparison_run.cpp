#include "comparison_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "interrupt.hpp"
#include "rng.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

// Of five ratios two may be off without moving their median.
constexpr int kFewestRounds = 5, kMostRounds = 25;

std::optional<double> width_of(const RatioVerdict& r) {
  if (!r.ratio || !std::isfinite(r.ci_high) || r.ci_low <= 0) return std::nullopt;
  return r.ci_high / r.ci_low - 1;
}

// Of rounds whose times are times: what is set aside for other reasons is as good an estimate of the cost of a round.
std::vector<double> log_ratios(const Launch& launch) {
  std::vector<double> logs;
  for (const Round& round : launch) {
    const double a = round[Seat::a].median_ns(), b = round[Seat::b].median_ns(), c = round[Seat::control].median_ns();
    if (a > 0 && b > 0 && c > 0) logs.push_back(std::log(b) - (std::log(a) + std::log(c)) / 2);
  }
  return logs;
}

// One comparison under way.
class ComparisonRun {
 public:
  ComparisonRun(const CompareRules& rules, const CompareSchedule& schedule, const std::function<double()>& clock_s,
                const std::function<void(const CompareProgress&)>& progress)
      : rules_(rules),
        schedule_(schedule),
        clock_s_(clock_s),
        progress_(progress),
        start_(clock_s()),
        rng_(schedule.seed) {}

  CaseComparison run(const std::function<std::unique_ptr<Crew>()>& launch) {
    std::string failure, stopped;
    while (stopped.empty() && failure.empty() && !interrupted()) {
      try {
        add_launch(launch);
        judged_ = judge_launches(launches_, rules_);
        stopped = why_stop();
      } catch (const Interrupted&) {
        break;  // the launch under way is dropped
      } catch (const CrewFailed& e) {
        failure = fmt::format("launch {}: {}", launches_.size() + 1, e.what());
      }
    }
    CaseComparison c = judge_launches(std::move(launches_), rules_);
    c.stopped = !failure.empty() ? "a process failed" : stopped.empty() ? "interrupted" : stopped;
    c.seconds = elapsed_s();
    c.seed = schedule_.seed;
    if (!failure.empty()) {
      c.failure = failure;
      c.result.verdict = Effect::ambiguous;
      c.result.why = failure;
    }
    return c;
  }

 private:
  double elapsed_s() const { return clock_s_() - start_; }

  void add_launch(const std::function<std::unique_ptr<Crew>()>& launch) {
    const double begun_s = elapsed_s();
    const std::unique_ptr<Crew> crew = launch();
    const double set_up_s = elapsed_s() - begun_s;
    const int wanted = rounds(set_up_s);
    Launch taken;
    double longest_s = 0;
    while (std::ssize(taken) < wanted && !interrupted()) {
      const double round_s = elapsed_s();
      if (!taken.empty() && round_s + longest_s > schedule_.budget_s) break;
      report(static_cast<int>(taken.size()) + 1);
      taken.push_back(one_round(*crew));
      longest_s = std::max(longest_s, elapsed_s() - round_s);
    }
    round_s_ = longest_s;
    launch_s_ = set_up_s;
    // A round that was broken off is not among them, and a launch without a whole one is none.
    if (!taken.empty()) launches_.push_back(std::move(taken));
  }

  Round one_round(Crew& crew) {
    std::vector<Seat> order = {Seat::a, Seat::b, Seat::control};
    shuffle(order, rng_);
    Round round;
    for (const Seat seat : order) round[seat] = crew.take(seat);
    return round;
  }

  int rounds(double set_up_s) const {
    if (launches_.size() < 2 || round_s_ <= 0) return kFewestRounds;
    std::vector<double> means;
    double within = 0;
    for (const Launch& launch : launches_) {
      const std::vector<double> logs = log_ratios(launch);
      if (logs.empty()) continue;
      means.push_back(median(logs));
      within += variance(logs) / static_cast<double>(launches_.size());
    }
    if (means.size() < 2) return kFewestRounds;
    const double noise_of_means = within / static_cast<double>(launches_.back().size());
    const double confidence = 1 - (1 - rules_.confidence) / rules_.comparisons;
    return rounds_worth_their_time(set_up_s, round_s_, within, variance(means) - noise_of_means, schedule_.budget_s,
                                   confidence);
  }

  std::string why_stop() const {
    const std::optional<double> width = width_of(judged_.result);
    if (width && *width <= schedule_.width && std::ssize(judged_.result.by_launch) >= schedule_.fewest_launches) {
      return fmt::format("the interval is {:.1f} % wide, asked {:.1f} %", 100 * *width, 100 * schedule_.width);
    }
    if (elapsed_s() + launch_s_ + kFewestRounds * round_s_ > schedule_.budget_s) {
      return fmt::format("the budget of {:.0f} s ended", schedule_.budget_s);
    }
    return "";
  }

  void report(int round) const {
    if (!progress_) return;
    progress_({std::min(1.0, elapsed_s() / schedule_.budget_s), static_cast<int>(launches_.size()) + 1, round,
               width_of(judged_.result)});
  }

  const CompareRules& rules_;
  const CompareSchedule& schedule_;
  const std::function<double()>& clock_s_;
  const std::function<void(const CompareProgress&)>& progress_;
  double start_;
  Rng rng_;
  std::vector<Launch> launches_;
  CaseComparison judged_;
  double launch_s_ = 0, round_s_ = 0;  // of the last launch
};

}  // namespace

int rounds_worth_their_time(double launch_s, double round_s, double within, double between, double budget_s,
                            double confidence) {
  int best = kFewestRounds;
  double narrowest = std::numeric_limits<double>::infinity();
  for (int rounds = kFewestRounds; rounds <= kMostRounds; ++rounds) {
    const double launches = std::floor(budget_s / (launch_s + rounds * round_s));
    if (launches < kRecurrences) break;
    const double variance = std::max(between, 0.0) + within / rounds;
    const boost::math::students_t t(launches - 1);
    const double half_width = boost::math::quantile(t, 0.5 + confidence / 2) * std::sqrt(variance / launches);
    if (half_width >= narrowest) continue;
    narrowest = half_width;
    best = rounds;
  }
  return best;
}

CaseComparison run_comparison(const std::function<std::unique_ptr<Crew>()>& launch, const CompareRules& rules,
                              const CompareSchedule& schedule, const std::function<double()>& clock_s,
                              const std::function<void(const CompareProgress&)>& progress) {
  return ComparisonRun(rules, schedule, clock_s, progress).run(launch);
}

}  // namespace bitproof
