#include "lattice_run.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "allocation.hpp"
#include "clock.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

// A cheap token is repeated within its sample until about this long: one alone would be at the mercy of a single
// interrupt.
constexpr double kFill_s = 0.3;
// Around a sample: the placement probe and the pause that lets other threads go to sleep.
constexpr double kSampleOverhead_s = 0.03;
// Other work comes in bursts of seconds, and there are many cells to measure.
constexpr int kMostTries = 3;

bool subset(const Contrast& contrast, std::span<const std::size_t> cells) {
  return std::ranges::all_of(cells_of(contrast),
                             [&](std::size_t i) { return std::ranges::find(cells, i) != cells.end(); });
}

double seconds_of(const Cell& cell) { return cell.wall_ns() * 1e-9; }

}  // namespace

std::vector<Contrast> report_contrasts(const LatticeShape& shape, std::span<const std::size_t> cells) {
  std::vector<Contrast> list;
  const auto add = [&](Contrast c) {
    if (subset(c, cells)) list.push_back(std::move(c));
  };
  for (int f = 0; f < static_cast<int>(shape.size()); ++f) {
    const FactorLevel on{f, shape[static_cast<std::size_t>(f)] - 1};
    add(alone_contrast(shape, on));
    add(without_contrast(shape, on));
    add(shapley_contrast(shape, on));
  }
  return list;
}

std::vector<ArmSpec> beside_arms(const LatticePlan& plan, int cores) {
  std::vector<ArmSpec> arms;
  ArmSpec again = arm_of(plan.lattice, cell_count(plan.lattice.shape()) - 1, plan.threads);
  again.label = kAgain;
  arms.push_back(again);
  const Techniques usual = parse_recipe("default");
  if (!runs_here(usual)) return arms;
  arms.push_back(arm_of(usual.without(Technique::threading), 1, "default on 1 thread"));
  for (int threads = 2; threads <= 2 * cores; threads = threads < cores    ? threads + 1
                                                        : threads == cores ? 2 * cores
                                                                           : 2 * cores + 1) {
    arms.push_back(arm_of(usual, threads, fmt::format("default on {} threads", threads)));
  }
  return arms;
}

LatticeRun::LatticeRun(LatticePlan plan, int cores) : plan_(std::move(plan)), cores_(cores), start_ns_(steady_ns()) {
  const LatticeShape shape = plan_.lattice.shape();
  contrasts_ = report_contrasts(shape, plan_.cells);
  for (const std::size_t index : plan_.cells) {
    cells_.push_back({.index = index, .spec = arm_of(plan_.lattice, index, plan_.threads), .depth = plan_.depth});
  }
  if (!plan_.beside) return;
  for (ArmSpec& spec : beside_arms(plan_, cores)) {
    cells_.push_back({.index = std::nullopt, .spec = std::move(spec), .depth = plan_.depth});
  }
}

void LatticeRun::resume(std::vector<Cell> cells, double spent_s) {
  const auto key = [](const Cell& c) {
    return std::tuple(c.index, c.spec.label, c.spec.names, c.spec.threads, c.depth);
  };
  if (!std::ranges::equal(cells, cells_, {}, key, key)) {
    throw BadInput("the cells to go on with are those of another plan: give another file, or remove it");
  }
  for (Cell& cell : cells) cell.inherited = cell.evidence;
  cells_ = std::move(cells);
  earlier_s_ = spent_s;
}

double LatticeRun::spent_s() const { return earlier_s_ + (steady_ns() - start_ns_) * 1e-9; }

int LatticeRun::rounds() const {
  int round = 0;
  while (std::ranges::all_of(cells_, [&](const Cell& c) { return c.has_round(round); })) ++round;
  return round;
}

double LatticeRun::cost_s(const Cell& cell) const {
  if (!cell.measured()) return 0;
  const double fill = std::clamp(std::floor(kFill_s / seconds_of(cell)), 1.0, static_cast<double>(kMostRepeats));
  return fill * seconds_of(cell) + kSampleOverhead_s;
}

double LatticeRun::round_s() const {
  return std::transform_reduce(cells_.begin(), cells_.end(), 0.0, std::plus{},
                               [&](const Cell& c) { return cost_s(c); });
}

// All cells in the first round, and while a whole round is expected to end within the budget; else the cheapest that
// are. None where these answer nothing.
std::vector<bool> LatticeRun::chosen(int round) const {
  if (round == 0) return std::vector<bool>(cells_.size(), true);
  std::vector<double> costs;
  for (const Cell& c : cells_) costs.push_back(cost_s(c));
  const std::vector<bool> list = affordable(costs, plan_.budget_s - spent_s());
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (list[i] && cells_[i].index) indices.push_back(*cells_[i].index);
  }
  const bool answers = std::ranges::any_of(contrasts_, [&](const Contrast& c) { return subset(c, indices); });
  return answers ? list : std::vector<bool>(cells_.size());
}

std::vector<int> LatticeRun::repeats(int round) const {
  std::vector<int> fill;
  for (const Cell& c : cells_) {
    fill.push_back(c.measured() ? std::clamp(static_cast<int>(kFill_s / seconds_of(c)), 1, kMostRepeats) : 1);
  }
  if (round == 0) return fill;
  const double left = plan_.budget_s - spent_s();
  const double rounds = std::max({1.0, static_cast<double>(plan_.rounds - round), std::floor(left / round_s())});
  const std::vector<double> u = uncertainties(contrasts_, log_rates(cells_, cell_count(plan_.lattice.shape())));
  std::vector<double> by_cell, costs;
  for (const Cell& c : cells_) {
    by_cell.push_back(c.index && c.measured() ? u[*c.index] : 0);
    costs.push_back(std::max(cost_s(c), 1e-9));
  }
  const std::vector<int> more = allocate_repeats(by_cell, costs, std::max(left / rounds - round_s(), 0.0));
  for (std::size_t i = 0; i < fill.size(); ++i) fill[i] = std::min(fill[i] * more[i], kMostRepeats);
  return fill;
}

WorkbenchOptions LatticeRun::bench_options() const {
  return {.model = plan_.model, .seed = plan_.seed, .depth = plan_.depth, .tokens = 1, .activation = plan_.activation};
}

// All cells on one bench where their packed forms fit together, else a bench for each form of the ternary matrices.
void LatticeRun::group(Clearance& clearance) {
  const ModelShape shape = shape_for(bench_options());
  using Pack = decltype(ternary_matmul::Kernel::pack);
  std::vector<std::pair<Pack, Group>> forms;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const ternary_matmul::Kernel& kernel = clearance.clear(cells_[i].spec.names).ternary_matmul_slot.kernel();
    auto form = std::ranges::find(forms, kernel.pack, &std::pair<Pack, Group>::first);
    if (form == forms.end()) {
      bytes += PackedTernary::total_bytes(shape, kernel);
      form = forms.insert(forms.end(), {kernel.pack, {}});
    }
    form->second.cells.push_back(i);
  }
  const auto heads = static_cast<std::size_t>(3 * shape.vocab * shape.hidden);
  const auto caches = static_cast<std::size_t>(2 * shape.layers * shape.kv_width() * (plan_.depth + 1)) *
                      sizeof(float) * (cells_.size() + 2);
  std::optional<std::size_t> free = plan_.memory_bytes;
  if (const auto available = read_machine().memory_available_bytes.value; !free && available) {
    free = static_cast<std::size_t>(*available);
  }
  groups_.clear();
  if (plan_.weights || !free || bytes + heads + caches <= *free) {
    groups_.emplace_back();
    groups_[0].cells.resize(cells_.size());
    std::iota(groups_[0].cells.begin(), groups_[0].cells.end(), 0u);
    return;
  }
  for (auto& [_, form] : forms) groups_.push_back(std::move(form));
  packings_why_ = fmt::format(
      "the {} packed forms need {:.1f} GB and {:.1f} GB of memory are free: they are made one at a time, anew in every "
      "round, and cells are interleaved within a form only",
      groups_.size(), static_cast<double>(bytes + heads + caches) * 1e-9, static_cast<double>(*free) * 1e-9);
}

void LatticeRun::open(Group& group, Clearance& clearance, const LatticeHooks& hooks) {
  bench_.reset();
  std::vector<ArmSpec> specs;
  for (const std::size_t i : group.cells) {
    cells_[i].inherited = cells_[i].evidence;  // of the arm that is gone
    specs.push_back(cells_[i].spec);
  }
  bench_ = std::make_unique<Workbench>(bench_options(), specs, clearance, hooks.set_up, plan_.weights);
  if (!group.tried && plan_.tries_loops) bench_->try_loops(hooks.trials);
  group.tried = true;
}

bool LatticeRun::sample(Cell& cell, Arm& arm, int round, int repeats) {
  double by_now_s = plan_.budget_s * (round + 1) / std::max(plan_.rounds, round + 1);
  for (const Cell& other : cells_) {
    if (&other != &cell && !other.has_round(round)) by_now_s -= cost_s(other);
  }
  for (int tries = 1;; ++tries) {
    const Ledger before = arm.ledger();
    const double start_s = spent_s();
    const std::optional<LoopSample> taken = arm.sample(bench_->prompt(), bench_->prefix(), 1, repeats);
    if (!taken) return false;
    const bool late = spent_s() + (spent_s() - start_s) > by_now_s;
    if (tries == kMostTries || late || !plan_.disturbed(*taken)) {
      take(cell, arm, before, round, cores_);
      return true;
    }
    ++cell.retaken;
  }
}

bool LatticeRun::measure_round(int round, const std::vector<bool>& list, Clearance& clearance,
                               const LatticeHooks& hooks) {
  const std::vector<int> wanted = repeats(round);
  Rng rng(stream_seed(plan_.seed, 0x6c617474696365, round));
  std::vector<std::size_t> order(groups_.size());
  std::iota(order.begin(), order.end(), 0u);
  shuffle(order, rng);
  for (const std::size_t g : order) {
    std::vector<std::size_t> places(groups_[g].cells.size());  // in the group, and so among the arms of its bench
    std::iota(places.begin(), places.end(), 0u);
    shuffle(places, rng);
    std::erase_if(places, [&](std::size_t p) {
      return !list[groups_[g].cells[p]] || cells_[groups_[g].cells[p]].has_round(round);
    });
    if (places.empty()) continue;
    if (!bench_ || open_group_ != g) open(groups_[g], clearance, hooks);
    open_group_ = g;
    for (const std::size_t p : places) {
      Cell& cell = cells_[groups_[g].cells[p]];
      if (interrupted() || (round == 0 && spent_s() > plan_.budget_s)) return false;
      if (hooks.progress) {
        const auto done =
            static_cast<double>(std::ranges::count_if(cells_, [&](const Cell& c) { return c.has_round(round); }));
        hooks.progress({round + 1, std::max(plan_.rounds, round + 1), cell.spec.label,
                        std::min(1.0, round == 0 ? done / static_cast<double>(cells_.size()) / plan_.rounds
                                                 : spent_s() / plan_.budget_s)});
      }
      Arm& arm = *bench_->arms()[p];
      if (!sample(cell, arm, round, wanted[groups_[g].cells[p]])) return false;
      if (hooks.after_cell) hooks.after_cell();
    }
  }
  return true;
}

void LatticeRun::measure(Clearance& clearance, const LatticeHooks& hooks) {
  group(clearance);
  for (int round = rounds(); round < plan_.most_rounds && !interrupted(); ++round) {
    const std::vector<bool> list = chosen(round);
    if (std::ranges::none_of(list, std::identity{})) return;
    if (!measure_round(round, list, clearance, hooks)) return;
  }
}

}  // namespace bitproof
