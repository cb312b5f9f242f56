#include "attribution.hpp"

#include <algorithm>
#include <cmath>

#include "lattice_run.hpp"
#include "state_levels.hpp"

namespace bitproof {
namespace {

Techniques only(Technique t) { return Techniques{}.with(t); }

LoopTraits traits_of(const Cell& cell) {
  ModelShape shape{};
  shape.layers = cell.layers;
  return traits_of(shape, cell.spec.names);
}

TokenTime token_time(const Cell& cell) {
  return {cell.ledger, cell.wall_ns(), std::max(cell.residual_ns() + cell.timer_ns, 0.0), cell.faults_ns()};
}

Change change_of(Technique t, const Cell& with, const Cell& without, const CeilingTable& ceilings) {
  Change change{.technique = t, .threads = with.spec.threads};
  for (const auto& [slot, id] : with.spec.names) {
    if (without.spec.names.at(slot) != id) change.slots.insert(slot);
  }
  change.least_ns = least_op_ns(with, ceilings);
  return change;
}

// How much more of memory's bandwidth one of the states has that these cells were measured in. The states also differ
// in what a barrier costs, which is a small part of a token.
std::optional<double> placement(const Cell& a, const Cell& b, const CeilingTable& ceilings) {
  std::set<std::string> states = states_of(a, ceilings);
  states.merge(states_of(b, ceilings));
  if (states.empty()) return std::nullopt;
  if (states.size() == 1) return 1;
  std::vector<double> rates;
  for (const std::string& state : states) {
    const auto ceiling = ceilings.at(std::max(a.spec.threads, b.spec.threads), state);
    if (!ceiling) return std::nullopt;
    rates.push_back(ceiling->gb_per_s.median);
  }
  return std::ranges::max(rates) / std::ranges::min(rates);
}

// Log rates by round, with what a placement state does taken out, by threads and SIMD.
CellRounds leveled_rates(std::span<const Cell> cells, std::size_t count, const StateTracker& tracker) {
  CellRounds y = log_rates(cells, count);
  std::vector<std::vector<int>> state;
  std::vector<int> kind(count);
  for (const auto& row : y) state.emplace_back(row.size(), -1);
  for (const Cell& cell : cells) {
    if (!cell.index) continue;
    kind[*cell.index] = 2 * (cell.spec.threads > 1) + cell.spec.techniques.has(Technique::simd);
    for (const CellSample& s : cell.samples) {
      const std::string label = tracker.label(s.loop.ping_pong_ns);
      if (label == "A" || label == "B") state[*cell.index][static_cast<std::size_t>(s.round)] = label == "B";
    }
  }
  return level_states(std::move(y), state, kind);
}

// The measured cells of a lattice, and their rates by round.
struct LatticeTable {
  const Lattice& lattice;
  std::span<const Cell> cells;
  const CeilingTable& ceilings;
  LatticeShape shape = lattice.shape();
  CellRounds y = leveled_rates(cells, cell_count(shape), ceilings.states);

  const Cell* at(std::size_t index) const {
    const auto found = std::ranges::find_if(cells, [&](const Cell& c) { return c.index == index && c.measured(); });
    return found == cells.end() ? nullptr : &*found;
  }

  // Of a contrast of two cells, +1 and -1, with its ratios by round.
  std::optional<RatioEstimate> ratio(const Contrast& contrast) const {
    const auto e = estimate(contrast, y);
    if (!e) return std::nullopt;
    return as_ratio(*e, paired_ratios(*at(numerator(contrast)), *at(denominator(contrast))));
  }

  static std::size_t numerator(const Contrast& c) {
    return static_cast<std::size_t>(std::ranges::max_element(c) - c.begin());
  }
  static std::size_t denominator(const Contrast& c) {
    return static_cast<std::size_t>(std::ranges::min_element(c) - c.begin());
  }

  void bound(const TechniqueCredit& credit, const Contrast& contrast, const std::optional<RatioEstimate>& ratio,
             std::optional<Bound>& most, Credit& verdict) const {
    if (!ratio || !credit.technique) return;
    const Cell &with = *at(numerator(contrast)), &without = *at(denominator(contrast));
    most = amdahl_bound(change_of(*credit.technique, with, without, ceilings), token_time(without));
    verdict = judge_credit(*ratio, *most, placement(with, without, ceilings));
  }
};

// What the cells with the factor at this level saw of it.
void witness(TechniqueCredit& credit, const LatticeTable& table) {
  bool wanted = false, engaged = true;
  for (const Cell& cell : table.cells) {
    if (!cell.index || !cell.measured()) continue;
    if (levels_of(*cell.index, table.shape)[static_cast<std::size_t>(credit.at.factor)] != credit.at.level) continue;
    if (!credit.technique) {
      wanted = true;
      engaged &= cell.evidence.faults.empty();
      credit.evidence =
          cell.evidence.faults.empty() ? "the loop called what the recipe names" : cell.evidence.faults[0];
      continue;
    }
    const auto w = std::ranges::find(cell.evidence.witnesses, *credit.technique, &Witness::technique);
    if (w == cell.evidence.witnesses.end()) continue;
    if (!wanted || !w->engaged) credit.evidence = w->evidence;
    wanted = true;
    engaged &= w->engaged;
  }
  credit.engaged = wanted && engaged;
  if (!wanted) credit.evidence = "no arm with it was measured";
}

void realize(TechniqueCredit& credit, const Factor& factor) {
  const bool allowed = credit.verdict_alone == Credit::possible || credit.verdict_alone == Credit::noise ||
                       (credit.verdict_alone == Credit::unbounded && !credit.technique);
  if (!allowed || !credit.alone || !credit.engaged || credit.verdict_without == Credit::impossible) return;
  credit.credited = credit.alone->geometric_mean;
  if (credit.most_alone) credit.credited = std::min(*credit.credited, credit.most_alone->most);
  if (factor.expected_low == 0) return;
  credit.realization_low = (*credit.credited - 1) / (factor.expected_high - 1);
  credit.realization_high = (*credit.credited - 1) / (factor.expected_low - 1);
  if (*credit.realization_low > *credit.realization_high) std::swap(credit.realization_low, credit.realization_high);
}

TechniqueCredit credit_of(const LatticeTable& table, FactorLevel at) {
  const Factor& factor = table.lattice.factors[static_cast<std::size_t>(at.factor)];
  const bool last = at.level == std::ssize(factor.levels) - 1;
  const Contrast alone = alone_contrast(table.shape, at), without = without_contrast(table.shape, at);
  TechniqueCredit credit{.name = factor.levels.size() == 2
                                     ? factor.name
                                     : factor.name + "=" + factor.levels[static_cast<std::size_t>(at.level)].name,
                         .at = at,
                         .technique = last ? factor.technique : std::nullopt,
                         .alone = table.ratio(alone),
                         .without = table.ratio(without),
                         .shapley = estimate(shapley_contrast(table.shape, at), table.y),
                         .expected = last ? factor.expected : ""};
  table.bound(credit, alone, credit.alone, credit.most_alone, credit.verdict_alone);
  table.bound(credit, without, credit.without, credit.most_without, credit.verdict_without);
  witness(credit, table);
  if (last) realize(credit, factor);
  return credit;
}

void interactions(const LatticeTable& table, Attribution& result) {
  const int factors = static_cast<int>(table.shape.size());
  for (int a = 0; a < factors; ++a) {
    const FactorLevel on{a, table.shape[static_cast<std::size_t>(a)] - 1};
    for (int b = a + 1; b < factors; ++b) {
      const auto off = estimate(shapley_given(table.shape, on, b, false), table.y);
      const auto with = estimate(shapley_given(table.shape, on, b, true), table.y);
      const auto both = estimate(interaction_contrast(table.shape, on, b), table.y);
      if (!off || !with || !both) continue;
      const auto name_of = [&](int f) { return table.lattice.factors[static_cast<std::size_t>(f)].name; };
      result.interactions.push_back({name_of(a), name_of(b), *off, *with, *both});
    }
  }
}

// All over all again, by the rounds that both have.
std::optional<RatioEstimate> again(const LatticeTable& table) {
  const Cell* all = table.at(table.y.size() - 1);
  const auto twin =
      std::ranges::find_if(table.cells, [](const Cell& c) { return c.spec.label == kAgain && c.measured(); });
  if (!all || twin == table.cells.end()) return std::nullopt;
  return paired_ratio(*all, *twin);
}

// "memory_pool alone: IMPOSSIBLE: ..."; "" when it is not.
std::string fault(const std::string& what, const std::optional<RatioEstimate>& ratio, const std::optional<Bound>& most,
                  Credit verdict) {
  if (verdict != Credit::impossible) return "";
  return fmt::format(
      "{}: IMPOSSIBLE: {:.4g}x [{:.4g}, {:.4g}] would need {:.1f} % of the time, but {} leave {:.1f} % to "
      "save: {:.4g}x at most",
      what, ratio->geometric_mean, ratio->ci_low, ratio->ci_high, 100 * share_for(ratio->geometric_mean), most->by,
      100 * most->share, most->most);
}

}  // namespace

std::array<double, kLoopOpCount> least_op_ns(const Cell& cell, const CeilingTable& ceilings) {
  std::array<double, kLoopOpCount> least{};
  const std::set<std::string> states = states_of(cell, ceilings);
  for (int i = 0; i < kLoopOpCount; ++i) {
    const Work work = op_work(static_cast<LoopOp>(i), cell.ledger, traits_of(cell));
    least[static_cast<std::size_t>(i)] = least_ns(limits(work, cell.spec.threads, states, ceilings));
  }
  return least;
}

std::vector<ArmSpec> attribution_arms(int threads, bool left_out) {
  std::vector<ArmSpec> arms = {arm_of(kNoTechniques, threads), arm_of(kAllTechniques, threads)};
  for (int t = 0; t < kTechniqueCount; ++t) arms.push_back(arm_of(only(static_cast<Technique>(t)), threads));
  for (int t = 0; left_out && t < kTechniqueCount; ++t) {
    const auto technique = static_cast<Technique>(t);
    arms.push_back(arm_of(kAllTechniques.without(technique), threads, std::string("all but ") + name(technique)));
  }
  return arms;
}

Attribution attribute(const Lattice& lattice, std::span<const Cell> cells, const CeilingTable& ceilings) {
  const LatticeTable table{lattice, cells, ceilings};
  Attribution result;
  result.cells_total = static_cast<int>(cell_count(table.shape));
  for (std::size_t i = 0; i < table.y.size(); ++i) {
    const Cell* cell = table.at(i);
    if (!cell) continue;
    const int rounds = static_cast<int>(cell->samples.size());
    result.rounds = result.cells_measured == 0 ? rounds : std::min(result.rounds, rounds);
    ++result.cells_measured;
  }
  result.total = table.ratio(total_contrast(table.shape));
  result.again = again(table);
  for (int f = 0; f < static_cast<int>(table.shape.size()); ++f) {
    for (int level = 1; level < table.shape[static_cast<std::size_t>(f)]; ++level) {
      result.techniques.push_back(credit_of(table, {f, level}));
    }
  }
  interactions(table, result);
  return result;
}

Attribution attribute(std::span<const std::unique_ptr<Arm>> arms, const CeilingTable& ceilings) {
  std::vector<Cell> cells;
  std::set<std::size_t> taken;
  for (const auto& arm : arms) {
    const ArmSpec& spec = arm->spec();
    // A recipe that was searched may be of a denser format: it has the techniques of a cell, and is another. One that
    // is called as a cell is judged as one, whatever it runs.
    const ArmSpec cell = arm_of(spec.techniques, spec.threads);
    const bool is_cell = spec.names == cell.names || spec.label == cell.label;
    if (!is_cell || arm->samples().empty() || !taken.insert(spec.techniques.bits).second) continue;
    cells.push_back(cell_of(*arm, spec.techniques.bits, 0, spec.threads));
  }
  return attribute(technique_lattice(), cells, ceilings);
}

std::vector<std::string> faults(const Attribution& attribution) {
  std::vector<std::string> list;
  for (const TechniqueCredit& c : attribution.techniques) {
    for (const std::string& line : {fault(c.name + " alone", c.alone, c.most_alone, c.verdict_alone),
                                    fault(c.name + " in all", c.without, c.most_without, c.verdict_without)}) {
      if (!line.empty()) list.push_back(line);
    }
  }
  return list;
}

std::set<std::string> states_of(const Cell& cell, const CeilingTable& ceilings) {
  std::vector<std::optional<double>> readings;
  for (const CellSample& s : cell.samples) readings.push_back(s.loop.ping_pong_ns);
  return ceilings.states_of(readings);
}

std::vector<NamedJudgement> judge_cell(const Cell& cell, const CeilingTable& ceilings) {
  return judge_token(cell.ledger, 1e9 / median(cell.rates()), traits_of(cell), cell.spec.threads,
                     states_of(cell, ceilings), ceilings);
}

std::vector<std::string> faults(const Cell& cell, const CeilingTable& ceilings) {
  std::vector<std::string> list = cell.evidence.faults;
  if (!cell.measured()) return list;
  if (const std::string fault = impossible(judge_cell(cell, ceilings)); !fault.empty()) {
    list.push_back(fmt::format("{}: {}", cell.spec.label, fault));
  }
  return list;
}

}  // namespace bitproof
