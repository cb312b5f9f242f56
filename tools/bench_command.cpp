#include <fmt/format.h>

#include <algorithm>

#include "axes.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "reports/bench_json.hpp"
#include "reports/look.hpp"
#include "steps.hpp"
#include "suites.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

std::vector<std::string> cells(const Json& j) {
  std::vector<std::string> cells{j["id"], fmt::format("{}T", j["threads"].get<int>()), j["temperature"]};
  if (j["median_ns"].is_null()) {
    const char* word = j["skipped"].get<bool>() ? "skipped: " : "NO NUMBER: ";
    cells.push_back(word + j["median_ns_why"].get<std::string>());
    return cells;
  }
  const auto optional = [&](const char* key, double scale, const char* format) {
    return j[key].is_null() ? std::string("-") : fmt::format(fmt::runtime(format), scale * j[key].get<double>());
  };
  const double ns = j["median_ns"].get<double>();
  const double half_width = (j["ci_high_ns"].get<double>() - j["ci_low_ns"].get<double>()) / 2;
  std::string counted;
  for (const char* key : {"page_faults", "threads_seen", "speedup", "efficiency", "tok_per_s"}) {
    if (j.contains(key)) counted += fmt::format("{}{} {:.3g}", counted.empty() ? "" : ", ", key, j[key].get<double>());
  }
  cells.insert(cells.end(),
               {time_text(ns), fmt::format("{:.1f} %", 100 * half_width / ns), optional("gb_per_s", 1, "{:.2f}"),
                optional("gop_per_s", 1, "{:.2f}"), optional("fraction_of_ceiling", 100, "{:.0f} %"), counted});
  return cells;
}

void print_results(const Json& results) {
  TextTable table("<<<>>>>><");
  table.row({"variant", "threads", "memory", "time", "+-", "GB/s", "Gop/s", "of ceiling", ""});
  std::string title;
  for (const Json& j : results) {
    const std::string heading = fmt::format("{}: {}", j["benchmark"].get<std::string>(), j["case"].get<std::string>());
    if (heading != title) table.heading(title = heading);
    table.row(cells(j));
  }
  table.print();
}

// Who says how many repetitions he wants gets as many.
bool counts_repetitions(const std::vector<std::string>& google) {
  return std::ranges::any_of(google,
                             [](const std::string& flag) { return flag.starts_with("--benchmark_repetitions"); });
}

void note_set_aside(const std::vector<BenchResult>& results) {
  for (const BenchResult& r : results) {
    for (const auto& [why, n] : r.set_aside) {
      note(fmt::format("{}: {} of {} samples set aside: {}", benchmark_name(r), n, r.samples.size(), why));
    }
    for (const auto& [why, n] : r.disturbed) {
      note(fmt::format("{}: DISTURBED in {} of {} samples, which leave too few others and are used: {}",
                       benchmark_name(r), n, r.samples.size(), why));
    }
  }
}

}  // namespace

int bench_command(const BenchOptions& options) {
  Suite suite = read_suites({options.suite});
  if (suite.benchmarks.empty()) throw BadInput("--suite {}: has no [[benchmarks]]", options.suite);
  for (const std::string& axis : options.axes) suite.benchmarks = along_axis(suite.benchmarks, axis);
  const int cores = choose_threads(options.threads, false);
  if (!(options.width > 0)) throw BadInput("--width {}: a share in percent, above 0", options.width);
  Adaptive adaptive{options.width / 100, parse_budget_s(options.budget)};
  if (counts_repetitions(options.google)) adaptive = {};
  Clearance clearance;
  const std::vector<BenchResult> results =
      bench_with_progress(suite.benchmarks, options.filter, cores, options.google, clearance, adaptive);
  const CeilingTable ceilings = ceilings_beside(results, cores, options.ceiling_rounds);

  const Json list = to_json(results, ceilings);
  if (options.json) {
    fmt::print("{}\n", Json{{"partial", interrupted()}, {"results", list}, {"ceilings", to_json(ceilings)}}.dump(2));
  } else {
    print_results(list);
  }
  note_set_aside(results);
  const std::vector<std::string> failed = faults(results, ceilings);
  for (const std::string& fault : failed) note("FAILED: " + fault);
  if (interrupted()) return kInterrupted;
  return !failed.empty() ? kFailed : kOk;
}

void add_bench(CommandLine& line) {
  auto [sub, o] = line.add("bench", "microbenchmarks; --benchmark_* flags go to Google Benchmark", bench_command);
  sub.option("filter", o.filter, "part of a benchmark's name, variant or case");
  sub.option("--suite", o.suite, "suite name or file with [[benchmarks]]");
  sub.option("--threads", o.threads, "most threads (default: physical cores)").threads();
  sub.option("--axis", o.axes,
             "a sweep: rows=1024,4096, threads=1,2, fill=random,zero, temperature=hot,cold, prefetch=0,8 ...");
  sub.option("--width", o.width, "percent; a benchmark is done when the interval of its median is no wider");
  sub.option("--budget", o.budget, "of a benchmark, without its set-up: 2s, 1m");
  sub.ceiling_rounds(o.ceiling_rounds);
  sub.json(o.json);
  line.pass_google_flags(sub, o.google);
  sub.examples({"bitproof bench memory/pool --suite smoke --budget 0.1s",
                "bitproof bench ternary_matmul/scalar --suite smoke --axis rows=8,16 --budget 0.1s"});
}

}  // namespace bitproof
