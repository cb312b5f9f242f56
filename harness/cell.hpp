// One recipe as it was measured: what an arm leaves behind. Plain data, so that it can be written down, taken up again
// by another process of the same build on the same machine, and reckoned with when the arm is gone.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "arm.hpp"
#include "contrasts.hpp"

namespace bitproof {

struct CellSample {
  int round = 0;
  LoopSample loop;
};

struct CellMemory {
  double pool_high_water_bytes = 0;  // of activations and scratch, as the memory variant counted
  double pool_reserved_bytes = 0;
  double system_calls = 0;  // blocks asked of the system allocator, over the cell's life
  double cache_bytes = 0;   // of keys and values, resident
  double weight_bytes = 0;  // of the packed form and head that it reads, resident
  double weight_huge_bytes = 0;
  std::optional<double> rss_bytes{}, peak_rss_bytes{};  // of the process, other cells' arms included
  std::string why{};                                    // those are missing
};

// What stands for a cell's numbers, or against them.
struct CellEvidence {
  std::vector<Witness> witnesses{};
  std::vector<std::string> faults{};  // of ledger, fingerprints, residual, dispatch, witnesses, trial
};

struct Cell {
  std::optional<std::size_t> index;  // in its lattice; none for an arm beside it
  ArmSpec spec;
  std::int64_t depth = 0;
  std::int64_t layers = 0;
  std::vector<CellSample> samples{};  // ascending rounds
  int retaken = 0;                    // samples that others disturbed and that stand no more: taken again at once
  Ledger ledger{};                    // of all samples together
  double timer_ns = 0;                // of a token: reading the clock around each op
  CellEvidence evidence{};
  CellEvidence inherited{};  // of processes that measured it before this one: what they found is not undone
  std::vector<std::uint64_t> fingerprints{};

  bool measured() const { return !samples.empty(); }
  bool has_round(int round) const;
  // Rates of its samples, in order; its token by the mean over all of them.
  std::vector<double> rates() const;
  double wall_ns() const;      // of a token
  double residual_ns() const;  // of a token: neither ops nor the clock
  double op_ns(LoopOp op) const;
  double faults_ns() const;  // of a token: page faults x measured ns a fault
  double bytes() const;      // a token's, by the ledger
};

// Of an arm all of whose samples were taken in rounds 0, 1, ...
Cell cell_of(const Arm& arm, std::optional<std::size_t> index, std::int64_t depth, int cores);

// Adds the sample that `arm` has just taken in this round; `before` is its ledger as it was.
void take(Cell& cell, const Arm& arm, const Ledger& before, int round, int cores);

// What an arm that has decoded holds now.
CellMemory memory_of(Arm& arm, const PackedModel& model);

// Logarithms of the rates of a lattice's cells by round, for estimate(); cells of `count` that are not here are all
// NaN.
CellRounds log_rates(std::span<const Cell> cells, std::size_t count);

// Rate of a over rate of b, in the rounds that both have.
std::vector<double> paired_ratios(const Cell& a, const Cell& b);
std::optional<RatioEstimate> paired_ratio(const Cell& a, const Cell& b);  // Student's; none without such a round

// A contrast of log rates as the ratio that it is, with the ratios by round for show.
RatioEstimate as_ratio(const ContrastEstimate& e, std::vector<double> by_round);

// What other work on the machine did to the samples, in words; "" where none was seen.
std::string other_work(std::span<const Cell> cells);

// The labels of two cells whose float ops and cache are the same variants and whose tokens differ; none where all
// agree.
std::vector<std::string> disagreements(std::span<const Cell> cells);

}  // namespace bitproof
