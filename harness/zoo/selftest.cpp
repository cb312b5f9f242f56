#include "zoo/selftest.hpp"

#include "error.hpp"
#include "nearest.hpp"
#include "zoo/isolate.hpp"
#include "zoo/kernels.hpp"

namespace bitproof::zoo {
namespace {

std::vector<Fault> matching(const std::vector<Fault>& faults, const std::string& filter) {
  std::vector<Fault> chosen;
  std::vector<std::string> names;
  for (const Fault& f : faults) {
    names.push_back(f.name);
    if (f.name.find(filter) != std::string::npos) chosen.push_back(f);
  }
  if (chosen.empty())
    throw BadInput("no fault of the zoo matches '{}'; did you mean {}?", filter, nearest(filter, names));
  return chosen;
}

// One run of one subject: seed 0 is the planted fault, with the inputs of seed 1; seed s > 0 the clean twin.
struct Run {
  std::size_t fault;
  std::uint64_t seed;
};

}  // namespace

std::vector<Fault> all_faults() {
  std::vector<Fault> all = kernel_faults(), others = other_faults();
  all.insert(all.end(), others.begin(), others.end());
  return all;
}

SelftestResult selftest(const std::vector<Fault>& all, const SelftestOptions& options,
                        const std::function<void(double)>& progress) {
  const std::vector<Fault> faults = matching(all, options.filter);
  SelftestResult result{.outcomes = {}, .repeat = options.repeat};
  for (const Fault& f : faults) result.outcomes.push_back({f.name, f.lie, {}, {}, f.skipped});
  const auto total = static_cast<double>(faults.size()) * (1 + options.repeat);
  std::size_t done = 0;
  for (const bool alone : {false, true}) {
    std::vector<Run> runs;
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < faults.size(); ++i) {
      if (faults[i].alone != alone || !faults[i].skipped.empty()) continue;
      for (std::uint64_t seed = 0; seed <= static_cast<std::uint64_t>(options.repeat); ++seed) {
        runs.push_back({i, seed});
        jobs.push_back([&f = faults[i], seed] { return seed == 0 ? f.planted(1) : f.clean(seed); });
      }
    }
    const std::vector<Kill> kills = run_isolated(jobs, alone ? 1 : options.width, options.limit, [&](std::size_t n) {
      if (progress) progress(static_cast<double>(done + n) / total);
    });
    for (std::size_t i = 0; i < runs.size(); ++i) {
      Outcome& outcome = result.outcomes[runs[i].fault];
      if (runs[i].seed == 0) {
        outcome.kill = kills[i];
      } else if (kills[i].killed()) {
        outcome.alarms.push_back({kills[i].check, fmt::format("{} (seed {})", kills[i].reason, runs[i].seed)});
      }
    }
    done += jobs.size();
  }
  return result;
}

}  // namespace bitproof::zoo
