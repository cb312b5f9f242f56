// The door that comparisons go through: launches whose truth is known, judged by judge_launches().
//
// In a planted fault A and B are the same code, and what the samples owe to the machine or to their number is sold as a
// difference: to the means there is one. It is killed by any verdict that calls none. Of a clean twin, in which the
// machine does the like to all and B takes a tenth less, FASTER is asked.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "comparison.hpp"
#include "rng.hpp"
#include "zoo/fault.hpp"

namespace bitproof::zoo {

// What becomes of one batch of the same work, and what the probes read meanwhile.
struct Circumstances {
  double slower = 1;
  double ping_pong_ns = 30, clock_ghz = 3.4;
  double foreign_cpus = 0;
};

struct Sampling {
  int launches = 8, rounds = 6;
  double between = 0.004;  // standard deviation of the logarithm from process to process
  double within = 0.01;    // from batch to batch
};

using Conditions = std::function<Circumstances(int launch, int round, Seat seat)>;

inline std::vector<Launch> sampled(const Sampling& sampling, double effect, const Conditions& conditions,
                                   std::uint64_t seed) {
  Rng rng(seed);
  std::vector<Launch> launches(static_cast<std::size_t>(sampling.launches));
  for (int l = 0; l < sampling.launches; ++l) {
    double process[kSeats];
    for (double& factor : process) factor = std::exp(sampling.between * rng.gaussian());
    for (int r = 0; r < sampling.rounds; ++r) {
      Round round;
      for (const Seat seat : {Seat::a, Seat::b, Seat::control}) {
        const Circumstances now = conditions(l, r, seat);
        const double ns = 1000 * now.slower * (seat == Seat::b ? effect : 1) * process[static_cast<int>(seat)] *
                          std::exp(sampling.within * rng.gaussian());
        const Reading reading{now.ping_pong_ns * std::exp(0.05 * rng.gaussian()), now.clock_ghz, ""};
        round[seat] = {.ns = {ns},
                       .state = {.before = reading,
                                 .after = reading,
                                 .load = {.wall_s = 0.25,
                                          .own_cpus = 1,
                                          .foreign_fraction = now.foreign_cpus,
                                          .steal_fraction = 0,
                                          .why = "",
                                          .involuntary_switches = 0,
                                          .run_queue_wait_ns = 0}}};
      }
      launches[static_cast<std::size_t>(l)].push_back(round);
    }
  }
  return launches;
}

// What somebody makes of them who looks at the means alone.
inline double ratio_of_means(const std::vector<Launch>& launches) {
  double a = 0, b = 0;
  for (const Launch& launch : launches) {
    for (const Round& round : launch) {
      a += round[Seat::a].median_ns();
      b += round[Seat::b].median_ns();
    }
  }
  return b / a;
}

inline Kill said(const CaseComparison& c) {
  std::vector<std::string> why;
  if (!c.result.why.empty()) why.push_back(c.result.why);
  for (const auto& [reason, samples] : c.set_aside) why.push_back(fmt::format("{} samples aside: {}", samples, reason));
  return {name(c.result.verdict), fmt::format("{}", fmt::join(why, "; "))};
}

inline Subject no_difference(const Conditions& conditions, const Sampling& sampling = {}) {
  return [=](std::uint64_t seed) {
    std::vector<Launch> launches = sampled(sampling, 1, conditions, seed);
    const CompareRules rules;
    if (std::abs(std::log(ratio_of_means(launches))) < std::log1p(rules.smallest_effect)) return Kill{};  // no lie
    const CaseComparison c = judge_launches(std::move(launches), rules);
    const bool called = c.result.verdict == Effect::faster || c.result.verdict == Effect::slower;
    return called ? Kill{} : said(c);
  };
}

inline Subject a_tenth_less(const Conditions& conditions, const Sampling& sampling = {}) {
  return [=](std::uint64_t seed) {
    const CaseComparison c = judge_launches(sampled(sampling, 0.9, conditions, seed), {});
    return c.result.verdict == Effect::faster ? Kill{} : said(c);
  };
}

}  // namespace bitproof::zoo
