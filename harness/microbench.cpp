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
        ns[name].push_back(run.real_accumulated_time / static_cast<double>(run.iterations) * 1e9);
      }
    }
  }

  std::map<std::string, std::vector<double>> ns;
  std::map<std::string, std::string> errors;
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

void repeat(benchmark::State& state, const Timed& timed, BenchResult& head) {
  if (interrupted()) return state.SkipWithError("interrupted");
  if (timed.begin) timed.begin();
  head.ping_pong_ns = probe_state().ping_pong_ns;
  head.placements.push_back(head.ping_pong_ns);
  for (auto _ : state) timed.operation();
  if (interrupted()) return state.SkipWithError("interrupted");
  if (timed.count) timed.count(head.counters, static_cast<std::int64_t>(state.iterations()));
  if (const std::string fault = timed.verify(); !fault.empty()) state.SkipWithError(fault.c_str());
}

// Makes and registers one benchmark; what does not clear gets a failure instead of a number.
void prepare(const Registered& registered, BenchResult& head) {
  if (!registered.make) return;
  try {
    const auto timed = std::make_shared<Timed>(registered.make());
    head.cost = timed->cost;
    head.work = timed->work;
    benchmark::RegisterBenchmark(benchmark_name(head).c_str(), [timed, &head](benchmark::State& state) {
      repeat(state, *timed, head);
    })->UseRealTime();
  } catch (const NotCleared& e) {
    head.failure = std::string("not cleared, so not timed: ") + e.what();
  }
}

void run_group(const Group& group, std::vector<BenchResult>& results) {
  std::vector<BenchResult> heads;
  heads.reserve(group.size());  // the benchmarks keep references into it
  benchmark::ClearRegisteredBenchmarks();
  for (const Registered& registered : group) {
    heads.push_back(registered.head);
    prepare(registered, heads.back());
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  benchmark::ClearRegisteredBenchmarks();
  if (interrupted()) throw Interrupted();
  for (BenchResult& head : heads) {
    const std::string name = benchmark_name(head);
    if (head.failure.empty()) {
      if (collector.errors.contains(name)) {
        head.failure = collector.errors[name];
      } else if (collector.ns[name].empty()) {
        continue;  // excluded by --benchmark_filter
      } else {
        head.ns = estimate(collector.ns[name]);
      }
    }
    results.push_back(std::move(head));
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
  head.failure = v.runnable() ? fmt::format("skipped: {} threads, {} cores", head.threads, cores) : "skipped: " + v.reason();
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
      run_group(groups[i], results);
    }
  } catch (const Interrupted&) {
    // The group under way is dropped; what was measured before it stands.
  }
  return results;
}

}  // namespace bitproof
