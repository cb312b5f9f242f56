#include <fmt/format.h>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "measure_ceilings.hpp"
#include "reports/attribution_json.hpp"
#include "suite.hpp"
#include "suites.hpp"
#include "terminal.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

std::string time_text(double ns) {
  if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
  return ns < 1e6 ? fmt::format("{:.2f} us", ns * 1e-3) : fmt::format("{:.2f} ms", ns * 1e-6);
}

void print_result(const Json& j) {
  const auto optional = [&](const char* key, const char* format) {
    return j[key].is_null() ? std::string("-") : fmt::format(fmt::runtime(format), j[key].get<double>());
  };
  const std::string what = fmt::format("  {:<36} {}T {:<4}", j["id"].get<std::string>(), j["threads"].get<int>(),
                                       j["temperature"].get<std::string>());
  if (j["median_ns"].is_null()) {
    fmt::print("{} NO NUMBER: {}\n", what, j["median_ns_why"].get<std::string>());
    return;
  }
  const double ns = j["median_ns"].get<double>();
  const double spread = (j["ci_high_ns"].get<double>() - j["ci_low_ns"].get<double>()) / 2 / ns;
  std::string extra;
  for (const char* key : {"page_faults", "threads_seen"}) {
    if (j.contains(key)) extra += fmt::format("  {} {:.3g}", key, j[key].get<double>());
  }
  fmt::print("{} {:>10} +-{:>5.1f} %  {:>7} GB/s {:>7} Gop/s  ceiling {:>5}{}\n", what, time_text(ns), 100 * spread,
             optional("gb_per_s", "{:.2f}"), optional("gop_per_s", "{:.2f}"),
             j["fraction_of_ceiling"].is_null() ? "-" : fmt::format("{:.0f} %", 100 * j["fraction_of_ceiling"].get<double>()),
             extra);
}

}  // namespace

int bench_command(const BenchOptions& options) {
  const Suite suite = read_suite(suite_path(options.suite));
  if (suite.benchmarks.empty()) throw BadInput("{}: has no [[benchmarks]]", suite_path(options.suite));
  const int cores = choose_threads(options.threads, false);
  CeilingTable ceilings;
  measure_ceilings(ceilings, cores, 3);
  Clearance clearance;
  std::vector<BenchResult> results;
  {
    ProgressLine progress("benchmarks");
    const MicrobenchOptions micro{options.filter, cores, read_machine().llc_bytes.value.value_or(std::size_t{32} << 20),
                                  options.google};
    results = run_microbenchmarks(suite.benchmarks, micro, clearance,
                                  [&](double fraction, const std::string& what) { progress.update(fraction, what); });
  }
  for (const BenchResult& r : results) ceilings.states.add({r.ping_pong_ns, "", {}});
  bool failed = false;
  Json list = Json::array();
  std::string title;
  for (const BenchResult& r : results) {
    failed |= !r.failure.empty() && !r.failure.starts_with("not run");
    list.push_back(to_json(r, ceilings));
    if (options.json) continue;
    const std::string heading = r.benchmark + ": " + r.c;
    if (heading != title) fmt::print("{}\n", title = heading);
    print_result(list.back());
  }
  if (options.json) fmt::print("{}\n", Json{{"results", list}, {"ceilings", to_json(ceilings)}}.dump(2));
  if (interrupted()) return kInterrupted;
  return failed ? kFailed : kOk;
}

}  // namespace bitproof
