// What a technique should buy alone, from micro-benchmarks and the profile of a token without it (Amdahl), beside what
// was measured; and whether the ledger explains the gap.
//
// predicted = token / sum over ops of what each takes with the technique:
//   products   its time without, times what the products of the two recipes take alone on one square matrix, at the
//              batch and the threads that each has in its token
//   other ops  its time without, times what the two variants take alone on the model's shape where they differ, and
//   less
//              the positions that a cache saves; allocation and page faults gone with the pool
// With the ledger: no op takes less than physics allows for its bytes and operations, at the ceilings of the same run.
// So an op that is at the bandwidth of memory already cannot gain from SIMD.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "attribution.hpp"
#include "microbench.hpp"

namespace bitproof {

// Median ns of one call, by variant, batch and threads.
using MicroTimes = std::map<std::tuple<std::string, std::int64_t, int>, double>;

// What the predictions of a lattice's cells need: the products of none and of each factor alone, hidden x hidden, cold
// where the model is larger than the caches; and the other ops whose variants differ, hot, as they find their operands.
std::vector<BenchmarkSpec> prediction_benchmarks(const Lattice& lattice, std::span<const Cell> cells,
                                                 const ModelShape& model, bool cold);
MicroTimes micro_times(std::span<const BenchResult> results);

struct Prediction {
  std::string name;                   // of the credit
  std::optional<double> ratio{};      // over none
  std::optional<double> at_ledger{};  // the same, with no op below what physics allows
  std::string why{};                  // there is none
  double covered = 0;                 // share of the token without it whose time a micro-benchmark scales
  // "" without a measured ratio; else whether its interval holds the prediction, or the one of the ledger, or neither.
  std::string gap{};
};

Prediction predict(const Cell& without, const Cell& with, const TechniqueCredit& credit, const MicroTimes& micro,
                   const std::array<double, kLoopOpCount>& least_ns);

// One for each credit, in order.
std::vector<Prediction> predict(const Lattice& lattice, std::span<const Cell> cells, const Attribution& attribution,
                                const MicroTimes& micro, const CeilingTable& ceilings);

}  // namespace bitproof
