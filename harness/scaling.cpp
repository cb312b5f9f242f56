#include "scaling.hpp"

#include <algorithm>
#include <array>

namespace bitproof {
namespace {

// A token's ops that one thread does whatever the team: those that are never split, and those on one row as wide as the
// model, which is a single tile. (Two of the seven dequantizations of a layer are wider: they are taken for serial
// too.)
bool is_serial(LoopOp op) {
  constexpr std::array kSerial = {LoopOp::embedding, LoopOp::kv_append,    LoopOp::sampling,
                                  LoopOp::memory,    LoopOp::rms_norm,     LoopOp::activation_quant,
                                  LoopOp::rope,      LoopOp::residual_add, LoopOp::dequantize};
  return std::ranges::find(kSerial, op) != kSerial.end();
}

}  // namespace

std::vector<ScalePoint> scaling(std::span<const Cell> cells, int cores) {
  std::vector<const Cell*> measured;
  for (const Cell& cell : cells) {
    if (cell.spec.label.starts_with("default on ") && cell.measured()) measured.push_back(&cell);
  }
  std::ranges::sort(measured, {}, [](const Cell* c) { return c->spec.threads; });
  std::vector<ScalePoint> points;
  if (measured.empty() || measured[0]->spec.threads != 1) return points;
  for (const Cell* cell : measured) {
    ScalePoint p{.threads = cell->spec.threads,
                 .tok_per_s = median(cell->rates()),
                 .oversubscribed = cell->spec.threads > cores};
    if (p.threads > 1) {
      p.speedup = paired_ratio(*cell, *measured[0]);
      if (p.speedup) {
        const double n = p.threads, s = p.speedup->geometric_mean;
        p.efficiency = s / n;
        p.serial_fraction = (1 / s - 1 / n) / (1 - 1 / n);
      }
    }
    points.push_back(std::move(p));
  }
  return points;
}

std::vector<ScaleModel> scale_model(const Cell& one_thread, double read_gb_per_s, std::span<const int> threads) {
  std::vector<ScaleModel> list;
  const auto tokens = static_cast<double>(one_thread.ledger.tokens);
  for (const int p : threads) {
    double total = one_thread.wall_ns() - one_thread.ledger.total_ns() / tokens, at_memory = 0;
    for (int i = 0; i < kLoopOpCount; ++i) {
      const auto op = static_cast<LoopOp>(i);
      const double ns = one_thread.op_ns(op), read = one_thread.ledger[op].bytes / tokens / read_gb_per_s;
      const double split = is_serial(op) ? ns : std::max(ns / p, read);
      if (!is_serial(op) && read > ns / p) at_memory += split;
      total += split;
    }
    list.push_back({p, 1e9 / total, at_memory > total / 2 ? "memory read" : "cores"});
  }
  return list;
}

}  // namespace bitproof
