// A technique can save only the time that it acts upon. Where a report says what share of the baseline that is, it
// bounds the technique. Else threads divide the time by their number at best; others are bounded by the shares of the
// time that the reports on this system give. Vectors do as many lanes at once, and a cache of n tokens saves what n (n
// + 1) / 2 positions hold over n. A technique that nothing bounds is evidence of nothing, unless it was measured, and
// more than once.
#include <limits>
#include <utility>

#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// Operations whose time a technique leaves as it is: a pool makes no multiplication faster.
struct Untouched {
  const char* technique;
  const char* op;
};
constexpr Untouched kUntouched[] = {{"memory_pool", "gemm"},
                                    {"memory_pool", "attention"},
                                    {"tmac", "attention"},
                                    {"tmac", "sampling"},
                                    {"tmac", "embedding"}};

bool known_to_amdahl(const std::string& technique) {
  return std::any_of(std::begin(kUntouched), std::end(kUntouched),
                     [&](const Untouched& u) { return technique == u.technique; });
}

constexpr double kLanes = 64;  // bytes of the widest vector: no x86 or Arm core has more of the narrowest type at once

bool splits_work(const std::string& technique) { return technique == "threading" || technique == "scheduling"; }

struct Factor {
  double most;
  std::string how;
};

struct Bound {
  double most = 1;
  std::string how;
  std::string unknown;  // a technique that no share of the time bounds
};

// The least share of the time of what a claim is over that the same report says its technique acts upon.
const Claim* acted_upon(const Docket& docket, const Claim& c, const std::string& technique) {
  const Claim* least = nullptr;
  for (const Claim& s : docket.report_of(c).claims) {
    if (s.metric != "share" || !s.value || s.over.empty() || s.over != c.over || !credits(s, technique)) continue;
    if (!least || s.range().high < least->range().high) least = &s;
  }
  return least;
}

Factor by_share(const Claim& share, const std::string& technique) {
  const double most = share.range().high < 1 ? 1 / (1 - share.range().high) : std::numeric_limits<double>::infinity();
  return {most, fmt::format("{} acts upon {} of the time (\"{}\"): {}x at best", technique, share.shown(), share.quote,
                            short_number(most))};
}

std::optional<Factor> by_threads(const Claim& c, const Cpu* cpu) {
  const double threads = c.threads ? static_cast<double>(*c.threads) : cpu ? cpu->threads : 0;
  if (threads == 0) return std::nullopt;
  return Factor{threads, fmt::format("{} threads: {}x at best", threads, threads)};
}

// By the shares of the operations that it leaves as they are.
std::optional<Factor> by_untouched(const Docket& docket, const Claim& c, const std::string& technique) {
  double left = 0;
  std::string shares;
  for (const Claim* s : docket.claims()) {
    if (s->metric != "share" || !s->value || !docket.comparable(*s, c)) continue;
    const bool untouched = std::any_of(std::begin(kUntouched), std::end(kUntouched),
                                       [&](const Untouched& u) { return technique == u.technique && s->of == u.op; });
    if (!untouched) continue;
    left += s->range().low;
    shares += fmt::format("{}{} has {} ({})", shares.empty() ? "" : ", ", s->of, s->shown(), place(*s, c));
  }
  if (left <= 0 || left > 1) return std::nullopt;
  return Factor{1 / left, fmt::format("{} leaves {} of the time as it is, {}: {}x at best", technique,
                                      short_number(left), shares, short_number(1 / left))};
}

std::optional<Factor> factor(const Docket& docket, const Claim& c, const Cpu* cpu, const std::string& technique) {
  if (const Claim* share = acted_upon(docket, c, technique)) return by_share(*share, technique);
  if (splits_work(technique)) return by_threads(c, cpu);
  if (known_to_amdahl(technique)) return by_untouched(docket, c, technique);
  if (technique == "simd") return Factor{kLanes, fmt::format("simd: {} lanes at best", kLanes)};
  if (technique != "kv_cache" || !c.tokens || *c.tokens == 0) return std::nullopt;
  const double most = (static_cast<double>(*c.tokens) + 1) / 2;
  return Factor{most, fmt::format("kv_cache: {} tokens without it are ({} + 1) / 2 = {} times the work", *c.tokens,
                                  *c.tokens, short_number(most))};
}

Bound bound(const Docket& docket, const Claim& c, const Cpu* cpu) {
  Bound b;
  bool split = false;
  for (const std::string& technique : c.credits) {
    if (splits_work(technique) && std::exchange(split, true)) continue;  // the same threads once more
    const auto f = factor(docket, c, cpu, technique);
    if (!f) {
      if (!splits_work(technique)) b.unknown = technique;
      continue;
    }
    b.most *= f->most;
    b.how += (b.how.empty() ? "" : "; ") + f->how;
  }
  return b;
}

// Samples are evidence of their own, save of what is known to leave most of the time as it is.
bool measured_well(const Claim& c, const std::string& technique) {
  return !known_to_amdahl(technique) && c.basis == "measured" && c.samples.value_or(0) > 1;
}

// The speedup that a claim comes to: its own, or its rate over what it is over.
std::optional<Range> speedup(const Report& report, const Claim& c) {
  if (c.metric == "speedup") return c.range();
  const Claim* over = c.over.empty() ? nullptr : report.find(c.over);
  if (c.metric != "throughput" || !over || over->range().low <= 0) return std::nullopt;
  return Range{c.range().low / over->range().high, c.range().high / over->range().low};
}

}  // namespace

void amdahl(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value || c.credits.empty()) continue;
      const auto s = speedup(report, c);
      if (!s || s->high <= 1) continue;
      const Bound b = bound(docket, c, docket.cpu_of(c));
      const double rest = s->high / b.most;  // what is left for those without a bound
      const double share = 1 - 1 / rest;
      if (rest <= 1.02) continue;
      if (b.unknown.empty()) {
        found.push_back({"", &c, Verdict::impossible,
                         fmt::format("{} credited to {}: {}x is the most it can buy",
                                     s->single() ? short_number(s->high) + "x" : "up to " + short_number(s->high) + "x",
                                     fmt::join(c.credits, " and "), short_number(b.most)),
                         b.how});
      } else if (!measured_well(c, b.unknown)) {
        found.push_back(
            {"", &c, Verdict::unsupported,
             fmt::format(
                 "no share of the time bounds it: {}x needs {} % of the baseline's time to be what {} saves, and "
                 "none was measured",
                 short_number(rest), short_number(100 * share), b.unknown),
             fmt::format("{}1 - 1 / {} = {}",
                         b.how.empty() ? ""
                                       : fmt::format("{}x, and {}; {} / {} = {}; ", short_number(s->high), b.how,
                                                     short_number(s->high), short_number(b.most), short_number(rest)),
                         short_number(rest), short_number(share))});
      }
    }
  }
}

}  // namespace bitproof::audit::rules
