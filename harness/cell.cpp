#include "cell.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "gates.hpp"
#include "memory_map.hpp"

namespace bitproof {
namespace {

double tokens_of(const Cell& cell) {
  double tokens = 0;
  for (const CellSample& s : cell.samples) tokens += static_cast<double>(s.loop.tokens);
  return tokens;
}

void add_difference(Ledger& sum, const Ledger& after, const Ledger& before) {
  for (int i = 0; i < kLoopOpCount; ++i) {
    Entry& e = sum.entry[i];
    e.calls += after.entry[i].calls - before.entry[i].calls;
    e.ops += after.entry[i].ops - before.entry[i].ops;
    e.bytes += after.entry[i].bytes - before.entry[i].bytes;
    e.ns += after.entry[i].ns - before.entry[i].ns;
  }
  sum.tokens += after.tokens - before.tokens;
  sum.positions += after.positions - before.positions;
}

// A technique is engaged where every process that measured the cell saw it.
CellEvidence joined(const CellEvidence& earlier, std::vector<Witness> witnesses,
                    const std::vector<std::string>& faults) {
  CellEvidence all{std::move(witnesses), earlier.faults};
  for (std::size_t i = 0; i < earlier.witnesses.size(); ++i) {
    if (!earlier.witnesses[i].engaged) all.witnesses[i] = earlier.witnesses[i];
  }
  for (const std::string& fault : faults) {
    if (std::ranges::find(all.faults, fault) == all.faults.end()) all.faults.push_back(fault);
  }
  return all;
}

}  // namespace

bool Cell::has_round(int round) const {
  return std::ranges::any_of(samples, [&](const CellSample& s) { return s.round == round; });
}

std::vector<double> Cell::rates() const {
  std::vector<double> list;
  for (const CellSample& s : samples) list.push_back(s.loop.tok_per_s());
  return list;
}

double Cell::wall_ns() const {
  double ns = 0;
  for (const CellSample& s : samples) ns += s.loop.wall_ns;
  return ns / tokens_of(*this);
}

double Cell::residual_ns() const { return wall_ns() - ledger.total_ns() / tokens_of(*this) - timer_ns; }

double Cell::op_ns(LoopOp op) const { return ledger[op].ns / tokens_of(*this); }

double Cell::faults_ns() const {
  double faults = 0;
  for (const CellSample& s : samples) faults += static_cast<double>(s.loop.page_faults);
  return faults / tokens_of(*this) * page_fault_ns();
}

double Cell::bytes() const { return ledger.total_bytes() / tokens_of(*this); }

Cell cell_of(const Arm& arm, std::optional<std::size_t> index, std::int64_t depth, int cores) {
  Cell cell{.index = index, .spec = arm.spec(), .depth = depth, .layers = arm.shape().layers};
  if (arm.samples().empty()) return cell;
  for (std::size_t i = 0; i < arm.samples().size(); ++i)
    cell.samples.push_back({static_cast<int>(i), arm.samples()[i]});
  const std::vector<CellSample> samples = cell.samples;
  take(cell, arm, Ledger{}, 0, cores);
  cell.samples = samples;
  return cell;
}

void take(Cell& cell, const Arm& arm, const Ledger& before, int round, int cores) {
  cell.layers = arm.shape().layers;
  const auto place = std::ranges::upper_bound(cell.samples, round, {}, &CellSample::round);
  cell.samples.insert(place, {round, arm.samples().back()});
  add_difference(cell.ledger, arm.ledger(), before);
  cell.timer_ns = arm.timer_ns();
  std::vector<std::string> found = faults(arm, CeilingTable{}, cores);
  const auto fresh = arm.fingerprints();
  const std::size_t both = std::min(fresh.size(), cell.fingerprints.size());
  if (!std::equal(fresh.begin(), fresh.begin() + static_cast<std::ptrdiff_t>(both), cell.fingerprints.begin())) {
    found.push_back(cell.spec.label + ": fingerprints: other logits than an earlier process had");
  }
  if (fresh.size() > both) cell.fingerprints.assign(fresh.begin(), fresh.end());
  cell.evidence = joined(cell.inherited, arm.witnesses(), found);
}

CellMemory memory_of(Arm& arm, const PackedModel& model) {
  const memory::Usage usage = arm.loop().memory_usage();
  const RecipeNames& names = arm.spec().names;
  const Mapping& weights =
      model.ternary(*find_variant<ternary_matmul::Kernel>(names.at("ternary_matmul"))->kernel).storage();
  const Mapping& head = model.head(*find_variant<dense_matmul::Kernel>(names.at("dense_matmul"))->kernel).storage;
  const Mapping* cache = arm.loop().cache();
  const ProcessMemory process = process_memory();
  const auto bytes = [](const auto& value) {
    return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
  };
  return {.pool_high_water_bytes = static_cast<double>(usage.high_water_bytes),
          .pool_reserved_bytes = static_cast<double>(usage.reserved_bytes),
          .system_calls = static_cast<double>(usage.system_calls),
          .cache_bytes = cache ? static_cast<double>(cache->resident_bytes()) : 0,
          .weight_bytes = static_cast<double>(weights.resident_bytes() + head.resident_bytes()),
          .weight_huge_bytes = static_cast<double>(weights.huge_bytes() + head.huge_bytes()),
          .rss_bytes = bytes(process.rss_bytes),
          .peak_rss_bytes = bytes(process.peak_rss_bytes),
          .why = process.why};
}

CellRounds log_rates(std::span<const Cell> cells, std::size_t count) {
  CellRounds y(count);
  std::size_t rounds = 0;
  for (const Cell& cell : cells) {
    for (const CellSample& s : cell.samples) rounds = std::max(rounds, static_cast<std::size_t>(s.round) + 1);
  }
  for (auto& row : y) row.assign(rounds, std::numeric_limits<double>::quiet_NaN());
  for (const Cell& cell : cells) {
    if (!cell.index) continue;
    for (const CellSample& s : cell.samples)
      y[*cell.index][static_cast<std::size_t>(s.round)] = std::log(s.loop.tok_per_s());
  }
  return y;
}

std::vector<double> paired_ratios(const Cell& a, const Cell& b) {
  std::vector<double> ratios;
  for (const CellSample& s : a.samples) {
    const auto other = std::ranges::find(b.samples, s.round, &CellSample::round);
    if (other != b.samples.end()) ratios.push_back(s.loop.tok_per_s() / other->loop.tok_per_s());
  }
  return ratios;
}

std::optional<RatioEstimate> paired_ratio(const Cell& a, const Cell& b) {
  const std::vector<double> ratios = paired_ratios(a, b), ones(ratios.size(), 1.0);
  return ratios.empty() ? std::nullopt : std::optional(ratio_estimate(ratios, ones));
}

RatioEstimate as_ratio(const ContrastEstimate& e, std::vector<double> by_round) {
  const double middle = median(by_round);
  return {middle, std::exp(e.value), std::exp(e.value - e.half_width), std::exp(e.value + e.half_width),
          std::move(by_round)};
}

std::string other_work(std::span<const Cell> cells) {
  std::ptrdiff_t retaken = 0, standing = 0;
  for (const Cell& cell : cells) {
    retaken += cell.retaken;
    standing += std::ranges::count_if(cell.samples, [](const CellSample& s) { return disturbed(s.loop.load); });
  }
  if (retaken + standing == 0) return "";
  return fmt::format("other work had the CPUs in {} samples that were taken again, and in {} that stand", retaken,
                     standing);
}

std::vector<std::string> disagreements(std::span<const Cell> cells) {
  std::map<std::pair<RecipeNames, std::int64_t>, const Cell*> first;
  std::vector<std::string> list;
  for (const Cell& cell : cells) {
    if (!cell.measured()) continue;
    const Cell*& known = first[{float_slots(cell.spec.names), cell.depth}];
    if (!known) known = &cell;
    const std::size_t both = std::min(known->fingerprints.size(), cell.fingerprints.size());
    if (std::equal(cell.fingerprints.begin(), cell.fingerprints.begin() + static_cast<std::ptrdiff_t>(both),
                   known->fingerprints.begin()))
      continue;
    list.push_back(fmt::format("{}: its tokens are not those of {}, with the same float ops and cache", cell.spec.label,
                               known->spec.label));
  }
  return list;
}

}  // namespace bitproof
