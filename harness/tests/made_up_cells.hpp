// Cells that nobody measured, with a truth that the test knows.
#pragma once

#include <cmath>

#include "attribution.hpp"

namespace bitproof {

// One token a round at this rate, all of it in `op`.
inline Cell made_up_cell(const Lattice& lattice, std::size_t index, const std::vector<double>& rates,
                         LoopOp op = LoopOp::matmul_q, std::int64_t depth = 0) {
  Cell cell{.index = index, .spec = arm_of(lattice, index, 2), .depth = depth, .layers = 1};
  for (std::size_t r = 0; r < rates.size(); ++r) {
    CellSample s{.round = static_cast<int>(r), .loop = {}};
    s.loop.tokens = 1;
    s.loop.wall_ns = 1e9 / rates[r];
    s.loop.load = {};
    cell.samples.push_back(s);
    cell.ledger[op].ns += s.loop.wall_ns;
    cell.ledger[op].calls += 1;
  }
  cell.ledger.tokens = cell.ledger.positions = std::ssize(rates);
  for (int t = 0; t < kTechniqueCount; ++t) {
    const auto technique = static_cast<Technique>(t);
    const bool has = cell.spec.techniques.has(technique);
    cell.evidence.witnesses.push_back({technique, has, has, has ? "seen" : "off"});
  }
  return cell;
}

}  // namespace bitproof
