#include "microbench.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "error.hpp"
#include "interrupt.hpp"
#include "nearest.hpp"

namespace bitproof {
namespace {

// Collects the repetitions of each registered benchmark by its name; prints nothing.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration) continue;
      const std::string name = run.run_name.function_name;
      if (run.error_occurred) {
        errors[name] = run.error_message;
      } else {
        iterations[name] = run.iterations;
        ns[name].push_back(run.real_accumulated_time / static_cast<double>(run.iterations) * 1e9);
      }
    }
  }

  std::map<std::string, std::vector<double>> ns;
  std::map<std::string, std::string> errors;
  std::map<std::string, std::int64_t> iterations;
};

// Google Benchmark reads its flags once; these come before the user's, which win.
void initialize(const std::vector<std::string>& google) {
  std::vector<std::string> flags = {"bitproof", "--benchmark_repetitions=5", "--benchmark_min_time=0.02",
                                    "--benchmark_enable_random_interleaving=true"};
  for (const std::string& f : google) {
    if (f.starts_with("--benchmark_out")) throw BadInput("{}: write `bitproof bench --json > FILE` instead", f);
  }
  flags.insert(flags.end(), google.begin(), google.end());
  std::vector<char*> argv;
  for (std::string& f : flags) argv.push_back(f.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) throw BadInput("Google Benchmark does not know {}", argv[1]);
}

// A benchmark of a group, from its first set of repetitions to its last.
struct Entry {
  BenchResult head;
  std::shared_ptr<Timed> timed{};     // none: head.failure says why there is no number
  std::int64_t iterations = 0;        // a repetition, once Google Benchmark has found them
  std::vector<SampleState> states{};  // of the set under way, trials included
  double spent_s = 0;
  bool open = true;
};

void repeat(benchmark::State& state, Entry& entry, Counters& counters) {
  if (interrupted()) return state.SkipWithError("interrupted");
  const Timed& timed = *entry.timed;
  if (timed.begin) timed.begin();
  // Threads that an earlier region started are not counted.
  StateWatch watch(entry.head.threads == 1 ? &counters : nullptr);
  for (auto _ : state) timed.operation();
  if (interrupted()) return state.SkipWithError("interrupted");
  if (timed.count) timed.count(entry.head.counters, static_cast<std::int64_t>(state.iterations()));
  entry.states.push_back(watch.end(entry.head.threads > 1));
  entry.head.ping_pong_ns = entry.states.back().before.ping_pong_ns;
  entry.head.placements.push_back(entry.head.ping_pong_ns);
  if (const std::string fault = timed.verify(); !fault.empty()) state.SkipWithError(fault.c_str());
}

// What does not clear gets a failure instead of a number.
Entry make_entry(const Registered& registered) {
  Entry entry{.head = registered.head};
  if (registered.make) {
    try {
      entry.timed = std::make_shared<Timed>(registered.make());
      entry.head.cost = entry.timed->cost;
      entry.head.work = entry.timed->work;
    } catch (const NotCleared& e) {
      entry.head.failure = std::string("not cleared, so not timed: ") + e.what();
    }
  }
  entry.open = entry.timed != nullptr;
  return entry;
}

// What the set of repetitions that just ran says of an entry. The last states are those of the repetitions: the trials
// that find the number of iterations come before them.
void take_in(Entry& entry, Collector& collector, const MicrobenchOptions& options) {
  const std::string name = benchmark_name(entry.head);
  const std::vector<double>& ns = collector.ns[name];
  BenchResult& r = entry.head;
  entry.open = false;
  if (collector.errors.contains(name)) {
    r.failure = collector.errors[name];
    return;
  }
  if (ns.empty()) return;  // excluded by --benchmark_filter
  entry.iterations = collector.iterations[name];
  r.samples.insert(r.samples.end(), ns.begin(), ns.end());
  r.states.insert(r.states.end(), entry.states.end() - std::ssize(ns), entry.states.end());
  entry.states.clear();
  for (const double x : ns) entry.spent_s += x * 1e-9 * static_cast<double>(entry.iterations);
  take_stock(r);
  r.stopped = why_enough(r.ns, entry.spent_s, options);
  entry.open = r.stopped.empty();
}

void run_group(const Group& group, const MicrobenchOptions& options, Counters& counters,
               std::vector<BenchResult>& results) {
  std::vector<Entry> entries;
  for (const Registered& registered : group) entries.push_back(make_entry(registered));
  const auto any_open = [&] { return std::ranges::any_of(entries, &Entry::open); };
  while (any_open()) {
    benchmark::ClearRegisteredBenchmarks();
    for (Entry& entry : entries) {
      if (!entry.open) continue;
      auto* one = benchmark::RegisterBenchmark(
          benchmark_name(entry.head).c_str(),
          [&entry, &counters](benchmark::State& state) { repeat(state, entry, counters); });
      one->UseRealTime();
      if (entry.iterations > 0) one->Iterations(entry.iterations);
    }
    Collector collector;
    benchmark::RunSpecifiedBenchmarks(&collector);
    benchmark::ClearRegisteredBenchmarks();
    if (interrupted()) throw Interrupted();
    for (Entry& entry : entries) {
      if (entry.open) take_in(entry, collector, options);
    }
  }
  for (Entry& entry : entries) {
    if (!entry.head.failure.empty() || !entry.head.samples.empty()) results.push_back(std::move(entry.head));
  }
}

}  // namespace

std::vector<Group> groups_of(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  for (const std::string& text : spec.variants) {
    const auto& all = all_variants();
    if (std::none_of(all.begin(), all.end(), [&](const Variant& v) { return meant(v.id, text); })) {
      std::vector<std::string> ids;
      for (const Variant& v : all) ids.push_back(v.id);
      throw BadInput("benchmark '{}': no variant is '{}'; did you mean {}?", spec.name, text, nearest(text, ids));
    }
  }
  if (spec.kind == "kernel") return kernel_groups(spec, options, clearance);
  if (spec.kind == "memory") return memory_groups(spec, clearance);
  if (spec.kind == "threading") return threading_groups(spec, options, clearance);
  if (spec.kind == "kv_cache") return kv_cache_groups(spec, options, clearance);
  return loop_groups(spec, options, clearance);
}

void take_stock(BenchResult& r) {
  constexpr std::size_t kFewest = 3;
  std::vector<double> usable;
  r.set_aside.clear();
  r.disturbed.clear();
  for (std::size_t i = 0; i < r.samples.size(); ++i) {
    const std::string why = i < r.states.size() ? disturbance(r.states[i].load) : "";
    if (why.empty()) {
      usable.push_back(r.samples[i]);
    } else {
      ++r.set_aside[why];
    }
  }
  if (usable.size() < kFewest && !r.set_aside.empty()) {
    usable = r.samples;
    r.disturbed = std::exchange(r.set_aside, {});
  }
  r.ns = estimate(std::move(usable));
}

std::string why_enough(const Estimate& ns, double spent_s, const MicrobenchOptions& options) {
  if (options.width <= 0) return "one set of repetitions";
  const double width = ns.ci_high / ns.ci_low - 1;
  // Less than 95 % is no interval to stop by.
  if (ns.coverage >= 0.95 && width <= options.width) {
    return fmt::format("the interval is {:.1f} % wide, asked {:.1f} %", 100 * width, 100 * options.width);
  }
  if (spent_s >= options.budget_s) return fmt::format("the budget of {:.3g} s ended", options.budget_s);
  return "";
}

std::string benchmark_name(const BenchResult& head) {
  return fmt::format("{}/{}/threads:{}/{}", head.id, head.c, head.threads, head.cold ? "cold" : "hot");
}

bool meant(const std::string& id, const std::string& text) {
  if (!text.ends_with('*')) return id == text;
  const std::string beginning = text.substr(0, text.size() - 1);
  return id.starts_with(beginning) && id.find(':', beginning.size()) == std::string::npos;
}

std::vector<int> thread_counts(const BenchmarkSpec& spec, int cores) {
  std::vector<int> counts = spec.threads;
  std::replace(counts.begin(), counts.end(), 0, cores);
  for (int t = 1; spec.threads.empty() && t <= cores; ++t) counts.push_back(t);
  return counts;
}

std::optional<Registered> not_runnable(BenchResult head, const Variant& v, int cores) {
  if (v.runnable() && head.threads <= cores) return std::nullopt;
  head.skipped = true;
  head.failure =
      v.runnable() ? fmt::format("skipped: {} threads, {} cores", head.threads, cores) : "skipped: " + v.reason();
  return Registered{std::move(head), {}};
}

std::vector<BenchResult> run_microbenchmarks(std::span<const BenchmarkSpec> specs, const MicrobenchOptions& options,
                                             Clearance& clearance,
                                             const std::function<void(double, const std::string&)>& progress) {
  std::vector<Group> groups;
  for (const BenchmarkSpec& spec : specs) {
    const std::vector<Group> made = groups_of(spec, options, clearance);
    groups.insert(groups.end(), made.begin(), made.end());
  }
  return run_groups(std::move(groups), options, progress);
}

std::vector<BenchResult> run_groups(std::vector<Group> groups, const MicrobenchOptions& options,
                                    const std::function<void(double, const std::string&)>& progress) {
  Counters counters;
  initialize(options.google);
  std::set<std::string> seen;  // on one core, threads = [1, 0] is one point twice
  for (Group& group : groups) {
    std::erase_if(group, [&](const Registered& r) {
      if (!seen.insert(r.head.benchmark + " " + benchmark_name(r.head)).second) return true;
      return (r.head.id + " " + r.head.c + " " + r.head.benchmark).find(options.filter) == std::string::npos;
    });
  }
  std::erase_if(groups, [](const Group& g) { return g.empty(); });
  if (groups.empty()) throw BadInput("no benchmark of this suite matches '{}'", options.filter);
  std::vector<BenchResult> results;
  try {
    for (std::size_t i = 0; i < groups.size() && !interrupted(); ++i) {
      if (progress) progress(static_cast<double>(i) / static_cast<double>(groups.size()), groups[i][0].head.benchmark);
      run_group(groups[i], options, counters, results);
    }
  } catch (const Interrupted&) {
    // The group under way is dropped; what was measured before it stands.
  }
  return results;
}

}  // namespace bitproof
