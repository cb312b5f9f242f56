#include "zoo/selftest.hpp"

#include <optional>

#include "error.hpp"
#include "isolate.hpp"
#include "nearest.hpp"
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

// One run of one subject: the planted fault, or its clean twin.
struct Run {
  std::size_t fault;
  std::optional<std::uint64_t> clean_seed;  // none: the planted fault
};

// A Kill through a pipe: the check, a line feed, the reason.
std::string encode(const Kill& k) { return k.check + "\n" + k.reason; }

// What ends a process would have stopped a real run too, and visibly.
Kill decode(const Ending& e) {
  switch (e.how) {
    case Ending::How::exception:
      return {"exception", e.text};
    case Ending::How::crash:
      return {"crash", e.text};
    case Ending::How::hang:
      return {"hang", e.text};
    case Ending::How::said:
      break;
  }
  const std::size_t end = e.text.find('\n');
  return {e.text.substr(0, end), e.text.substr(end + 1)};
}

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
  const auto total = static_cast<double>(result.planted()) * (1 + options.repeat);
  std::size_t done = 0;
  for (const bool alone : {false, true}) {
    std::vector<Run> runs;
    std::vector<Job> jobs;
    for (std::size_t i = 0; i < faults.size(); ++i) {
      if (faults[i].alone != alone || !faults[i].skipped.empty()) continue;
      runs.push_back({i, std::nullopt});
      jobs.push_back([&f = faults[i]] { return encode(f.planted(1)); });
      for (std::uint64_t run = 0; run < static_cast<std::uint64_t>(options.repeat); ++run) {
        const std::uint64_t seed = options.first_seed + run;
        runs.push_back({i, seed});
        jobs.push_back([&f = faults[i], seed] { return encode(f.clean(seed)); });
      }
    }
    std::vector<Kill> kills(jobs.size());
    run_isolated(jobs, alone ? 1 : options.width, options.limit, [&](std::size_t job, const Ending& ending) {
      kills[job] = decode(ending);
      if (progress) progress(static_cast<double>(++done) / total);
    });
    for (std::size_t i = 0; i < runs.size(); ++i) {
      Outcome& outcome = result.outcomes[runs[i].fault];
      if (!runs[i].clean_seed) {
        outcome.kill = kills[i];
      } else if (kills[i].killed()) {
        outcome.alarms.push_back({kills[i].check, fmt::format("{} (seed {})", kills[i].reason, *runs[i].clean_seed)});
      }
    }
  }
  return result;
}

}  // namespace bitproof::zoo
