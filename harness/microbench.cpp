#include "microbench.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>

#include "error.hpp"
#include "interrupt.hpp"

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
  flags.insert(flags.end(), google.begin(), google.end());
  std::vector<char*> argv;
  for (std::string& f : flags) argv.push_back(f.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) throw BadInput("Google Benchmark does not know {}", argv[1]);
}

void run_group(const Group& group, std::vector<BenchResult>& results) {
  std::vector<BenchResult> heads;
  heads.reserve(group.size());  // the benchmarks keep pointers into it
  std::vector<std::shared_ptr<Timed>> timed;
  benchmark::ClearRegisteredBenchmarks();
  for (std::size_t i = 0; i < group.size(); ++i) {
    heads.push_back(group[i].head);
    heads[i].ping_pong_ns = probe_state().ping_pong_ns;
    const auto t = std::make_shared<Timed>(group[i].make());
    heads[i].cost = t->cost;
    timed.push_back(t);
    BenchResult* head = &heads[i];
    benchmark::RegisterBenchmark(std::to_string(i).c_str(), [t, head](benchmark::State& state) {
      for (auto _ : state) t->operation();
      if (t->count) t->count(head->counters, static_cast<std::int64_t>(state.iterations()));
      if (const std::string fault = t->verify ? t->verify() : ""; !fault.empty()) state.SkipWithError(fault.c_str());
    })->UseRealTime();
  }
  Collector collector;
  benchmark::RunSpecifiedBenchmarks(&collector);
  benchmark::ClearRegisteredBenchmarks();
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const std::string name = std::to_string(i);
    if (collector.errors.contains(name)) {
      heads[i].failure = collector.errors[name];
    } else if (collector.ns[name].empty()) {
      heads[i].failure = "not run: excluded by a --benchmark_filter";
    } else {
      heads[i].ns = estimate(collector.ns[name]);
    }
    results.push_back(std::move(heads[i]));
  }
}

}  // namespace

std::vector<BenchResult> run_microbenchmarks(std::span<const BenchmarkSpec> specs, const MicrobenchOptions& options,
                                             Clearance& clearance,
                                             const std::function<void(double, const std::string&)>& progress) {
  initialize(options.google);
  std::vector<Group> groups;
  for (const BenchmarkSpec& spec : specs) {
    const std::vector<Group> made = spec.kind == "kernel"      ? kernel_groups(spec, options, clearance)
                                    : spec.kind == "memory"    ? memory_groups(spec, clearance)
                                    : spec.kind == "threading" ? threading_groups(spec, options, clearance)
                                    : spec.kind == "kv_cache"  ? kv_cache_groups(spec, clearance)
                                                               : loop_groups(spec, options, clearance);
    groups.insert(groups.end(), made.begin(), made.end());
  }
  for (Group& group : groups) {
    std::erase_if(group, [&](const Registered& r) {
      return (r.head.id + " " + r.head.c + " " + r.head.benchmark).find(options.filter) == std::string::npos;
    });
  }
  std::erase_if(groups, [](const Group& g) { return g.empty(); });
  if (groups.empty()) throw BadInput("no benchmark of this suite matches '{}'", options.filter);
  std::vector<BenchResult> results;
  for (std::size_t i = 0; i < groups.size() && !interrupted(); ++i) {
    if (progress) progress(static_cast<double>(i) / static_cast<double>(groups.size()), groups[i][0].head.benchmark);
    run_group(groups[i], results);
  }
  return results;
}

}  // namespace bitproof
