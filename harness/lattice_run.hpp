// Measures the recipes of a lattice inside a budget of time: every cell once a round, in an order shuffled anew from
// the recorded seed, until the rounds are made and the time is up. What is left of a round's share of the time goes to
// repeats where the answer is least certain for its price (allocation.hpp); and when no whole round fits any more, to
// rounds of the cheaper cells, which sharpen the contrasts that need no others.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ceiling_table.hpp"
#include "cell.hpp"
#include "lattice.hpp"
#include "workbench.hpp"

namespace bitproof {

struct LatticePlan {
  Lattice lattice;
  std::vector<std::size_t> cells;  // of the lattice, to be measured
  std::string model = "7b";
  std::int64_t depth = 16;
  int threads = 1;                                    // of recipes that have the technique
  std::uint64_t seed = 1;                             // of weights, prompt and order
  std::optional<gated_ffn::Activation> activation{};  // instead of the model's own
  int rounds = 8;                                     // wanted at least: the budget is paced for them
  int most_rounds = 1 << 20;
  double budget_s = 3600;  // of wall time over all sittings, set-up included
  bool beside = true;      // also the arms of `beside_arms`
  // Whether a sample is taken again, while its round is on time; one that is disturbed three times over stands.
  std::function<bool(const LoopSample&)> disturbed = [](const LoopSample& s) { return bitproof::disturbed(s.load); };
  bool tries_loops = true;                       // the same recipes may have stood trial in an earlier run
  std::optional<std::size_t> memory_bytes{};     // that packed forms and caches may take; none: what is free
  std::shared_ptr<const PackedModel> weights{};  // of an earlier run with these recipes: not made again
};

// Arms that are no cells: all once more (the A/A pair), and the best recipe by thread count, one above the cores there
// are included.
std::vector<ArmSpec> beside_arms(const LatticePlan& plan, int cores);
inline constexpr const char* kAgain = "all, again";

struct LatticeProgress {
  int round, rounds;
  std::string label;
  double fraction;  // of the budget, or of the first round's cells
};

struct LatticeHooks {
  std::function<void(double)> set_up{}, trials{};
  std::function<void(const LatticeProgress&)> progress{};
  std::function<void()> after_cell{};
};

class LatticeRun {
 public:
  LatticeRun(LatticePlan plan, int cores);

  // Cells of an earlier sitting of the same plan, and the time it took. Throws BadInput if they are not of this plan.
  void resume(std::vector<Cell> cells, double spent_s);

  // Returns when the time is up or interrupted. Throws as Workbench does.
  void measure(Clearance& clearance, const LatticeHooks& hooks);

  const LatticePlan& plan() const { return plan_; }
  const std::vector<Cell>& cells() const { return cells_; }  // those of the lattice in order, then those beside it
  double spent_s() const;                                    // over all sittings
  int rounds() const;                                        // that all cells have
  // Why the cells do not share one set of packed weights, and what that does to their rounds; "" where they do.
  const std::string& packings_why() const { return packings_why_; }
  const Workbench* bench() const { return bench_.get(); }  // the last one; null before measure

 private:
  struct Group {
    std::vector<std::size_t> cells{};  // places in cells_
    bool tried = false;                // its loops stood trial
  };
  WorkbenchOptions bench_options() const;
  void group(Clearance& clearance);
  void open(Group& group, Clearance& clearance, const LatticeHooks& hooks);
  // Of these places in cells_; false when stopped.
  bool measure_round(int round, const std::vector<bool>& list, Clearance& clearance, const LatticeHooks& hooks);
  std::vector<bool> chosen(int round) const;
  std::vector<int> repeats(int round) const;
  // The sample of this cell in this round; false when interrupted.
  bool sample(Cell& cell, Arm& arm, int round, int repeats);
  double cost_s(const Cell& cell) const;
  double round_s() const;

  LatticePlan plan_;
  int cores_;
  std::vector<Cell> cells_;
  std::vector<Contrast> contrasts_;
  std::vector<Group> groups_;
  std::string packings_why_;
  std::unique_ptr<Workbench> bench_;
  std::size_t open_group_ = 0;
  double earlier_s_ = 0;
  double start_ns_;
};

// The contrasts that these cells allow and a report prints.
std::vector<Contrast> report_contrasts(const LatticeShape& shape, std::span<const std::size_t> cells);

}  // namespace bitproof
