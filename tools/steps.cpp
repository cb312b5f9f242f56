#include "steps.hpp"

#include <fmt/chrono.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <thread>

#include "attribution.hpp"
#include "check_processes.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "reports/bench_json.hpp"
#include "terminal.hpp"
#include "token_physics.hpp"

namespace bitproof {
namespace {

template <class Measured>
CeilingTable settled_beside(const Measured& measured, int threads, int rounds) {
  CeilingTable table;
  if (!interrupted()) measure_ceilings(table, threads, rounds);
  add_states(table, measured);
  settle_ceilings(table, threads, rounds, [&] { return some_time_is_above(table, measured); });
  return table;
}

}  // namespace

double parse_budget_s(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  const double scale = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (error != std::errc{} || scale == 0 || !(value > 0)) throw BadInput("--budget '{}': write 90s, 5m or 1h", text);
  return value * scale;
}

int processes_at_a_time() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

std::string utc_now() { return fmt::format("{:%Y-%m-%dT%H-%M-%SZ}", fmt::gmtime(std::time(nullptr))); }

CheckSummary check_with_progress(std::span<const Case> cases, const std::string& filter, bool here) {
  ProgressLine line("checking against the oracles");
  const auto progress = [&](std::size_t done, std::size_t total) {
    line.update(static_cast<double>(done) / static_cast<double>(total), fmt::format("{} of {}", done, total));
  };
  return here ? check(cases, filter, progress) : check_in_processes(cases, filter, processes_at_a_time(), progress);
}

void measure_ceilings(CeilingTable& table, int threads, int rounds) {
  if (rounds == 0) {
    table.why = "--ceiling-rounds 0";
    return;
  }
  const std::size_t set_aside = table.set_aside();
  try {
    ProgressLine progress("ceilings of cores, caches and memory");
    const Machine machine = read_machine();
    table.caches = cache_levels(machine);
    table.add(sample_peaks(threads, table.caches, rounds));
    table.add(sample_reads(threads, ceiling_buffer_bytes(machine), rounds));
  } catch (const std::runtime_error& e) {  // too little memory, or a limit of this process
    table.why = e.what();
    note(fmt::format("ceilings: not measured: {}", e.what()));
  }
  if (table.set_aside() > set_aside) {
    note(fmt::format("ceilings: {} samples set aside: other work had the CPUs", table.set_aside() - set_aside));
  }
}

void settle_ceilings(CeilingTable& table, int threads, int rounds, const std::function<bool()>& some_time_is_above) {
  for (int again = 0; again < 2 && rounds > 0 && !interrupted() && some_time_is_above(); ++again) {
    note("a time is above its ceiling: the ceilings are measured again");
    measure_ceilings(table, threads, rounds);
  }
}

CeilingTable ceilings_beside(std::span<const BenchResult> results, int threads, int rounds) {
  return settled_beside(results, threads, rounds);
}

CeilingTable ceilings_beside(std::span<const std::unique_ptr<Arm>> arms, int threads, int rounds) {
  return settled_beside(arms, threads, rounds);
}

CeilingTable ceilings_beside(std::span<const Cell> cells, int threads, int rounds) {
  return settled_beside(cells, threads, rounds);
}

bool some_time_is_above(const CeilingTable& table, std::span<const BenchResult> results) {
  return std::ranges::any_of(results, [&](const auto& r) { return judge(r, table).verdict == Physics::impossible; });
}

bool some_time_is_above(const CeilingTable& table, std::span<const std::unique_ptr<Arm>> arms) {
  return std::ranges::any_of(arms, [&](const auto& arm) { return !impossible(judge_arm(*arm, table)).empty(); });
}

bool some_time_is_above(const CeilingTable& table, std::span<const Cell> cells) {
  return std::ranges::any_of(cells,
                             [&](const Cell& c) { return c.measured() && !impossible(judge_cell(c, table)).empty(); });
}

std::vector<BenchResult> bench_with_progress(std::span<const BenchmarkSpec> specs, const std::string& filter, int cores,
                                             const std::vector<std::string>& google, Clearance& clearance,
                                             const Adaptive& adaptive) {
  const Machine machine = read_machine();
  MicrobenchOptions options{
      .filter = filter, .cores = cores, .google = google, .width = adaptive.width, .budget_s = adaptive.budget_s};
  options.llc_bytes = machine.llc_bytes.value.value_or(options.llc_bytes);
  ProgressLine progress("microbenchmarks");
  return run_microbenchmarks(specs, options, clearance,
                             [&](double fraction, const std::string& what) { progress.update(fraction, what); });
}

std::unique_ptr<Workbench> set_up(const WorkbenchOptions& options, const std::vector<ArmSpec>& specs,
                                  Clearance& clearance) {
  std::unique_ptr<Workbench> bench;
  {
    ProgressLine progress("checking variants, generating and packing weights");
    bench = std::make_unique<Workbench>(options, specs, clearance, [&](double fraction) { progress.update(fraction); });
  }
  ProgressLine progress("canaries, and layers against the reference, on the tiny model");
  bench->try_loops([&](double fraction) { progress.update(fraction); });
  return bench;
}

int rounds_with_progress(const Workbench& bench, const Schedule& schedule, const std::function<void()>& after_round) {
  ProgressLine progress(fmt::format("{} recipes in the token loop", bench.arms().size()));
  const auto draw = [&](const ArmProgress& p) {
    progress.update(p.fraction, fmt::format("round {} of {}: {}", p.round, p.rounds, p.label));
  };
  return run_rounds(bench.arms(), bench.prompt(), bench.prefix(), schedule, draw, after_round);
}

void add_states(CeilingTable& table, std::span<const BenchResult> results) {
  for (const BenchResult& r : results) table.states.add({r.ping_pong_ns, "", {}});
}

void add_states(CeilingTable& table, std::span<const std::unique_ptr<Arm>> arms) {
  for (const auto& arm : arms) {
    for (const LoopSample& s : arm->samples()) table.states.add({s.ping_pong_ns, "", s.load});
  }
}

void add_states(CeilingTable& table, std::span<const Cell> cells) {
  for (const Cell& cell : cells) {
    for (const CellSample& s : cell.samples) table.states.add({s.loop.ping_pong_ns, "", s.loop.load});
  }
}

}  // namespace bitproof
