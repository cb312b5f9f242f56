#include "prediction.hpp"

#include <algorithm>
#include <set>

namespace bitproof {
namespace {

constexpr const char* kProducts[] = {"ternary_matmul", "dense_matmul"};
constexpr const char* kOthers[] = {"embedding", "rms_norm",   "activation_quant", "rope",    "attention",
                                   "gated_ffn", "dequantize", "residual_add",     "sampling"};

bool contains(std::span<const char* const> slots, const std::string& slot) {
  return std::ranges::find(slots, slot) != slots.end();
}

bool keeps_past(const Cell& cell) {
  return find_variant<kv_cache::Kernel>(cell.spec.names.at("kv_cache"))->kernel->keeps_past;
}

bool of_the_head(const std::string& slot) { return slot == "dense_matmul" || slot == "sampling"; }

// Positions that an op of this slot computes at once.
std::int64_t batch(const Cell& cell, const std::string& slot) {
  return of_the_head(slot) || keeps_past(cell) ? 1 : cell.depth + 1;
}

using Key = MicroTimes::key_type;

Key key(const Cell& cell, const std::string& slot) {
  return {cell.spec.names.at(slot), batch(cell, slot), cell.spec.threads};
}

// Of the two variants of a slot that is no product, on the same rows: what the technique leaves of an op's time.
struct Exchange {
  Key before, after;
};
std::optional<Exchange> exchange(const Cell& without, const Cell& with, const std::string& slot) {
  const Key before = key(without, slot);
  const std::string& variant = with.spec.names.at(slot);
  if (variant == std::get<0>(before)) return std::nullopt;
  return Exchange{before, {variant, std::get<1>(before), with.spec.threads}};
}

// Of an embedding that is timed: a row or two of it are read, and the benchmark makes the table several times over.
constexpr std::int64_t kTableRows = 1024;

// One call of a slot's op as the model makes it; a product is square.
Case case_of(const std::string& slot, const ModelShape& m, std::int64_t batch, std::int64_t positions) {
  if (contains(kProducts, slot)) return {.rows = m.hidden, .cols = m.hidden, .batch = batch};
  if (slot == "sampling") return {.rows = m.vocab};
  if (slot == "embedding") return {.rows = std::min(m.vocab, kTableRows), .cols = m.hidden, .batch = batch};
  if (slot == "dequantize") return {.rows = m.hidden, .batch = batch};
  if (slot == "rope" || slot == "attention") {
    return {.rows = m.heads,
            .cols = m.head_dim,
            .batch = batch,
            .kv_heads = m.kv_heads,
            .positions = positions,
            .mode = slot == "rope" ? static_cast<std::int64_t>(m.rope_style) : 0};
  }
  if (slot == "gated_ffn") return {.cols = m.ffn, .batch = batch, .mode = static_cast<std::int64_t>(m.activation)};
  return {.cols = m.hidden, .batch = batch};
}

const Cell* at(std::span<const Cell> cells, std::size_t index) {
  const auto found = std::ranges::find(cells, std::optional(index), &Cell::index);
  return found == cells.end() ? nullptr : &*found;
}

// none, and each factor alone.
std::vector<const Cell*> alone_cells(const Lattice& lattice, std::span<const Cell> cells) {
  const LatticeShape shape = lattice.shape();
  std::vector<const Cell*> list;
  for (std::size_t i = 0; i < cell_count(shape); ++i) {
    const std::vector<int> levels = levels_of(i, shape);
    if (std::ranges::count_if(levels, [](int l) { return l != 0; }) > 1) continue;
    if (const Cell* cell = at(cells, i)) list.push_back(cell);
  }
  return list;
}

// Scales an op's time by an exchange of its variant, where there is one and both were timed; what it was, else 0.
double scale(double& ns, const MicroTimes& micro, const std::optional<Exchange>& pair) {
  if (!pair) return 0;
  const auto before = micro.find(pair->before), after = micro.find(pair->after);
  if (before == micro.end() || after == micro.end()) return 0;
  const double was = ns;
  ns *= after->second / before->second;
  return was;
}

}  // namespace

std::vector<BenchmarkSpec> prediction_benchmarks(const Lattice& lattice, std::span<const Cell> cells,
                                                 const ModelShape& model, bool cold) {
  std::map<std::tuple<std::string, std::int64_t, int>, std::set<std::string>> variants;  // by slot, batch and threads
  const auto add = [&](const std::string& slot, const Key& k) {
    variants[{slot, std::get<1>(k), std::get<2>(k)}].insert(std::get<0>(k));
  };
  const std::vector<const Cell*> alone = alone_cells(lattice, cells);
  if (alone.empty()) return {};
  for (const Cell* cell : alone) {
    for (const char* slot : kProducts) add(slot, key(*cell, slot));
    for (const char* slot : kOthers) {
      if (const auto pair = exchange(*alone[0], *cell, slot)) add(slot, pair->before), add(slot, pair->after);
    }
  }
  std::vector<BenchmarkSpec> specs;
  for (const auto& [at, ids] : variants) {
    const auto& [slot, rows, threads] = at;
    specs.push_back({.name = "prediction",
                     .kind = "kernel",
                     .variants = {ids.begin(), ids.end()},
                     .cases = {case_of(slot, model, rows, alone[0]->depth + 1)},
                     .threads = {threads},
                     .cold = {cold && contains(kProducts, slot)},
                     .bytes = {}});
  }
  return specs;
}

MicroTimes micro_times(std::span<const BenchResult> results) {
  MicroTimes times;
  for (const BenchResult& r : results) {
    if (!r.failure.empty() || r.ns.samples.empty()) continue;
    const std::string op = r.id.substr(0, r.id.find('/'));
    times[{r.id, parse_case(op, r.c).batch, r.threads}] = r.ns.median;
  }
  return times;
}

Prediction predict(const Cell& without, const Cell& with, const TechniqueCredit& credit, const MicroTimes& micro,
                   const std::array<double, kLoopOpCount>& least_ns) {
  Prediction p{.name = credit.name};
  const auto positions = [](const Cell& c) {
    return static_cast<double>(c.ledger.positions) / static_cast<double>(c.ledger.tokens);
  };
  const double fewer = positions(with) / positions(without);
  const bool pool = credit.technique == Technique::memory_pool;
  double total =
      without.wall_ns() - without.ledger.total_ns() / static_cast<double>(without.ledger.tokens);  // as it is
  double bounded = total, covered = 0;
  if (pool) total -= without.faults_ns(), bounded = total;
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    const std::string slot = slot_of(op);
    double ns = without.op_ns(op);
    if (contains(kProducts, slot)) {
      const auto before = micro.find(key(without, slot)), after = micro.find(key(with, slot));
      if (before == micro.end() || after == micro.end()) {
        p.why = fmt::format("no micro-benchmark of {} stands",
                            before == micro.end() ? without.spec.names.at(slot) : with.spec.names.at(slot));
        return p;
      }
      covered += ns;
      ns *= after->second / before->second;
    } else if (op == LoopOp::memory && pool) {
      ns = 0;
    } else {
      if (contains(kOthers, slot)) covered += scale(ns, micro, exchange(without, with, slot));
      if (!of_the_head(slot)) ns *= fewer;
    }
    total += ns;
    bounded += std::max(ns, least_ns[static_cast<std::size_t>(i)]);
  }
  p.ratio = without.wall_ns() / total;
  p.at_ledger = without.wall_ns() / bounded;
  p.covered = covered / without.wall_ns();
  if (!credit.alone) return p;
  const auto holds = [&](double x) { return credit.alone->ci_low <= x && x <= credit.alone->ci_high; };
  p.gap = holds(*p.ratio)       ? "the interval holds the prediction"
          : holds(*p.at_ledger) ? "explained by the ledger: bytes at the ceiling"
                                : fmt::format("unexplained: measured is {:.2f} of predicted",
                                              credit.alone->geometric_mean / *p.at_ledger);
  return p;
}

std::vector<Prediction> predict(const Lattice& lattice, std::span<const Cell> cells, const Attribution& attribution,
                                const MicroTimes& micro, const CeilingTable& ceilings) {
  const LatticeShape shape = lattice.shape();
  std::vector<Prediction> list;
  const Cell* none = at(cells, 0);
  for (const TechniqueCredit& credit : attribution.techniques) {
    std::vector<int> levels(shape.size());
    levels[static_cast<std::size_t>(credit.at.factor)] = credit.at.level;
    const Cell* alone = at(cells, cell_of(levels, shape));
    if (none && alone && none->measured() && alone->measured()) {
      list.push_back(predict(*none, *alone, credit, micro, least_op_ns(*alone, ceilings)));
    } else {
      list.push_back({.name = credit.name, .why = "its cells were not measured"});
    }
  }
  return list;
}

}  // namespace bitproof
