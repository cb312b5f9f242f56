#include "physics.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bitproof {
namespace {

constexpr const char* kMemory = "memory read";

// Builds the list; what has no ceiling goes to `missing`, once.
class Limiter {
 public:
  Limiter(int threads, const std::set<std::string>& states, const CeilingTable& ceilings)
      : threads_(threads), states_(states), ceilings_(ceilings) {}

  void add(const std::string& what, double amount, double margin) {
    if (amount <= 0) return;
    double highest = 0;
    for (const std::string& state : states_) {
      const double per_ns = ceiling(what, state);
      if (per_ns == 0)
        return missing(fmt::format("no ceiling of {} for {} thread(s) in state {}", what, threads_, state));
      highest = std::max(highest, per_ns);
    }
    if (highest == 0) return missing("the placement of its samples is unknown");
    limits.list.push_back({what, amount, highest, margin});
  }

  void missing(const std::string& why) {
    if (limits.missing.empty()) limits.missing = why;
  }

  Limits limits;

 private:
  double ceiling(const std::string& what, const std::string& state) const {
    return what == kMemory ? ceilings_.most_read(threads_, state) : ceilings_.most(what, threads_, state);
  }

  int threads_;
  const std::set<std::string>& states_;
  const CeilingTable& ceilings_;
};

void add_reads(Limiter& limiter, const Work& work, int threads, const std::vector<CacheLevel>& caches) {
  if (work.read_bytes <= 0) return;
  if (caches.empty()) return limiter.missing("the sizes of the caches are unknown");
  const double cycle = work.cycle_bytes > 0 ? work.cycle_bytes : work.read_bytes;
  double held = 0;
  for (const CacheLevel& level : caches) {
    limiter.add(level.name(), work.read_bytes * (1 - held / cycle), kMostOfPeak);
    held += static_cast<double>(level.capacity(threads));
  }
  limiter.add(kMemory, work.read_bytes * (1 - held / cycle), kMostOfCeiling);
}

std::string explain(const Limit& limit, double measured_ns) {
  const bool reads = limit.what.ends_with("read");
  return fmt::format(
      "{:.0f} % of what this machine can do: {}, {:.4g} {} at {:.4g} {}, takes {:.4g} us, timed {:.4g} us",
      100 * limit.ns() / measured_ns, limit.what, limit.amount, reads ? "bytes" : "operations", limit.per_ns,
      reads ? "GB/s" : "Gop/s", limit.ns() * 1e-3, measured_ns * 1e-3);
}

}  // namespace

bool Work::nothing() const {
  return read_bytes <= 0 && written_bytes <= 0 && std::ranges::all_of(ops, [](double n) { return n <= 0; });
}

Limits limits(const Work& work, int threads, const std::set<std::string>& states, const CeilingTable& ceilings) {
  Limiter limiter(threads, states, ceilings);
  add_reads(limiter, work, threads, ceilings.caches);
  if (!ceilings.caches.empty()) limiter.add(ceilings.caches.front().name(), work.written_bytes, kMostOfPeak);
  for (int k = 0; k < kOpKindCount; ++k) limiter.add(name(static_cast<OpKind>(k)), work.ops[k], kMostOfPeak);
  return std::move(limiter.limits);
}

double least_ns(const Limits& limits) {
  double least = 0;
  for (const Limit& l : limits.list) least = std::max(least, l.ns() / l.margin);
  return least;
}

const char* name(Physics verdict) {
  constexpr const char* kNames[] = {"nothing to judge", "possible", "IMPOSSIBLE", "not judged"};
  return kNames[static_cast<int>(verdict)];
}

Judgement judge(const Work& work, double measured_ns, int threads, const std::set<std::string>& states,
                const CeilingTable& ceilings) {
  Judgement j{.measured_ns = measured_ns};
  if (work.nothing()) return j;
  const Limits bounds = limits(work, threads, states, ceilings);
  j.verdict = bounds.missing.empty() ? Physics::possible : Physics::not_judged;
  j.why = bounds.missing;
  if (bounds.list.empty()) return j;
  const Limit& tightest = *std::ranges::max_element(bounds.list, {}, [](const Limit& l) { return l.ns() / l.margin; });
  j.least_ns = tightest.ns();
  j.bound_by = tightest.what;
  if (tightest.ns() > measured_ns * tightest.margin) {
    j.verdict = Physics::impossible;
    j.why = explain(tightest, measured_ns);
  }
  return j;
}

}  // namespace bitproof
