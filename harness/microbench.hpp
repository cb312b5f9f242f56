// Microbenchmarks with Google Benchmark as the engine: our benchmarks are registered with it, its runner times them,
// our reporter collects every repetition, and its flags pass through.
//
//   kernel     one call of a variant on one shape, cold (weights rotated through at least 4 x the last-level cache) or
//              hot (one copy), at a thread count; look-up tables and sums inside, packing outside and shown apart
//   memory     one allocate + release; the same with every page touched; page faults an operation
//   threading  one parallel region that does nothing: fork, join, barrier
//   kv_cache   appending one position in all layers of the 7B shape; attention reading the cache at a depth
//   loop       one token of the full loop
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "check.hpp"
#include "physics.hpp"
#include "placement.hpp"
#include "problem.hpp"
#include "sample_state.hpp"
#include "statistics.hpp"
#include "suite.hpp"

namespace bitproof {

struct BenchResult {
  std::string id;         // variant, or recipe
  std::string benchmark;  // name in the suite
  std::string kind;
  std::string c;  // what was measured: shape, bytes, depth
  int threads = 1;
  bool cold = false;
  Estimate ns{};                             // of one operation, over the samples that were not set aside
  Cost cost{};                               // of one operation; 0 where it has no such cost
  Work work{};                               // that one operation must do; what the physics gate holds its time against
  std::map<std::string, double> counters{};  // page faults an operation ...
  std::optional<double> ping_pong_ns{};      // placement just before the last repetition
  std::vector<std::optional<double>> placements{};  // before each of them, Google Benchmark's trials included
  std::vector<double> samples{};                    // every repetition, in order
  std::vector<SampleState> states{};                // of the machine, around each of them
  std::map<std::string, int> set_aside{};  // repetitions under foreign load, by reason; where they leave too few, they
  std::map<std::string, int> disturbed{};  // are used all the same, and counted here
  std::string stopped{};                   // what ended it: narrow enough, or the budget
  std::string
      failure{};         // why there is no number: the variant or its timed outputs did not pass, or it cannot run here
  bool skipped = false;  // it cannot run here: no number, and no fault
};

// One operation, ready to be timed. Made when its turn comes, dropped after its group.
struct Timed {
  std::function<void()> begin{};  // before each repetition, untimed: poisons outputs, notes counters
  std::function<void()> operation;
  std::function<std::string()>
      verify;  // after each repetition: "" or what is wrong with what the timed operations left
  std::function<void(std::map<std::string, double>&, std::int64_t operations)> count;  // may be empty
  Cost cost;
  Work work{};
  std::int64_t period = 1;  // operations after which they begin anew: costs are equal from period to period
};

// Benchmarks of one group are interleaved with each other, in random order, repetition by repetition.
struct Registered {
  BenchResult head;             // without numbers
  std::function<Timed()> make;  // empty: head.failure says why there will be no number
};
using Group = std::vector<Registered>;

// What Google Benchmark knows it by, and --benchmark_filter matches: "id/case/threads:2/cold".
std::string benchmark_name(const BenchResult& head);

struct MicrobenchOptions {
  std::string filter{};                             // part of "id/case"
  int cores = 1;                                    // what threads = 0 stands for
  std::size_t llc_bytes = 32 << 20;                 // cold means rotating through 4 x this
  std::size_t memory_bytes = std::size_t{4} << 30;  // that rotating copies of one group may take
  std::vector<std::string> google{};                // --benchmark_* flags
  // Sets of repetitions are added until the interval of the median is no wider than this (ci_high / ci_low - 1), or the
  // timed operations of a benchmark have taken its budget. 0: one set.
  double width = 0, budget_s = 0;
};

std::vector<BenchResult> run_microbenchmarks(std::span<const BenchmarkSpec> specs, const MicrobenchOptions& options,
                                             Clearance& clearance,
                                             const std::function<void(double, const std::string&)>& progress = {});

// The groups of one spec: variants x cases x threads, none of them made yet. They keep references to both arguments.
// Throws BadInput for a text that no variant is meant by.
std::vector<Group> groups_of(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance);

// The same for groups that are made already: everything that is timed by bench passes through here.
std::vector<BenchResult> run_groups(std::vector<Group> groups, const MicrobenchOptions& options,
                                    const std::function<void(double, const std::string&)>& progress = {});

// The estimate over the samples that nobody disturbed, and how many were set aside by reason: none, and all samples are
// used, where fewer than three would remain.
void take_stock(BenchResult& result);

// "" while another set of repetitions is wanted, else why not: see MicrobenchOptions::width.
std::string why_enough(const Estimate& ns, double spent_s, const MicrobenchOptions& options);

// One call of a workload, rotating over its copies and inputs. After each repetition what the timed calls left is
// judged.
Timed timed_workload(std::shared_ptr<Workload> workload, int copies);

// benchmarks/<kind>.cpp
std::vector<Group> kernel_groups(const BenchmarkSpec&, const MicrobenchOptions&, Clearance&);
std::vector<Group> memory_groups(const BenchmarkSpec&, Clearance&);
std::vector<Group> threading_groups(const BenchmarkSpec&, const MicrobenchOptions&, Clearance&);
std::vector<Group> kv_cache_groups(const BenchmarkSpec&, const MicrobenchOptions&, Clearance&);
std::vector<Group> loop_groups(const BenchmarkSpec&, const MicrobenchOptions&, Clearance&);

// Whether an id is meant by a text of a suite: the id itself, or its beginning and a * for the rest, which does not
// stand for a colon: ternary_matmul/* means every main row, ternary_matmul/scalar:* the other rows of scalar.
bool meant(const std::string& id, const std::string& text);

// Variants of an op, runnable or not, that the texts mean.
template <class Kernel>
std::vector<const VariantOf<Kernel>*> matching(const std::vector<std::string>& texts) {
  std::vector<const VariantOf<Kernel>*> chosen;
  for (const VariantOf<Kernel>& v : variants<Kernel>()) {
    for (const std::string& t : texts) {
      if (!meant(v.id, t)) continue;
      chosen.push_back(&v);
      break;
    }
  }
  return chosen;
}

// The thread counts a spec asks for on a machine of so many cores.
std::vector<int> thread_counts(const BenchmarkSpec& spec, int cores);

// The row of a variant that cannot run here, or of more threads than there are; nullopt if it can.
std::optional<Registered> not_runnable(BenchResult head, const Variant& v, int cores);

}  // namespace bitproof
