// The steps that commands are made of, each with its line of progress. Bad input is thrown before anything is measured.
#pragma once

#include <functional>
#include <memory>

#include "cell.hpp"
#include "microbench.hpp"
#include "reports/json.hpp"
#include "workbench.hpp"

namespace bitproof {

double parse_budget_s(const std::string& text);  // "90s", "5m", "1h"

// Processes at a time that are as sure as one after another: those that measure no time.
int processes_at_a_time();

std::string utc_now();  // "2026-11-21T19-24-07Z": sorts by time, and names a folder

// On a process a core: before anything that starts threads (check_processes.hpp); or here, one after another.
CheckSummary check_with_progress(std::span<const Case> cases, const std::string& filter, bool here = false);

// Adds `rounds` rounds at 1..threads threads to the table. Where there is no memory for it the table stays as it is and
// says why: what would be held against the ceiling then has none. No rounds: likewise.
void measure_ceilings(CeilingTable& table, int threads, int rounds);

// Ceilings may have been taken in a bad minute: where a time is above them they are measured again, twice at most,
// before that is called a fault.
void settle_ceilings(CeilingTable& table, int threads, int rounds, const std::function<bool()>& some_time_is_above);

// Of what was measured just before: with its states, and settled. None after an interrupt.
CeilingTable ceilings_beside(std::span<const BenchResult> results, int threads, int rounds);
CeilingTable ceilings_beside(std::span<const std::unique_ptr<Arm>> arms, int threads, int rounds);
CeilingTable ceilings_beside(std::span<const Cell> cells, int threads, int rounds);

bool some_time_is_above(const CeilingTable& table, std::span<const BenchResult> results);
bool some_time_is_above(const CeilingTable& table, std::span<const std::unique_ptr<Arm>> arms);
bool some_time_is_above(const CeilingTable& table, std::span<const Cell> cells);

// How long a benchmark is measured: see MicrobenchOptions.
struct Adaptive {
  double width = 0, budget_s = 0;
};
std::vector<BenchResult> bench_with_progress(std::span<const BenchmarkSpec> specs, const std::string& filter, int cores,
                                             const std::vector<std::string>& google, Clearance& clearance,
                                             const Adaptive& adaptive = {});

std::unique_ptr<Workbench> set_up(const WorkbenchOptions& options, const std::vector<ArmSpec>& specs,
                                  Clearance& clearance);

// Rounds completed.
int rounds_with_progress(const Workbench& bench, const Schedule& schedule,
                         const std::function<void()>& after_round = {});

// The placement readings taken beside results, so that their states can be named together.
void add_states(CeilingTable& table, std::span<const BenchResult> results);
void add_states(CeilingTable& table, std::span<const std::unique_ptr<Arm>> arms);
void add_states(CeilingTable& table, std::span<const Cell> cells);

}  // namespace bitproof
