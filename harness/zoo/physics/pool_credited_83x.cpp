#include <fmt/format.h>

#include <vector>

#include "zoo/physics_door.hpp"

namespace bitproof::zoo {
namespace {

// A token that spends a hundredth of its time in allocation and as much in page faults.
TokenTime token() {
  TokenTime t{.ledger = {}, .wall_ns = 100e6, .unbooked_ns = 0, .faults_ns = 1e6};
  t.ledger.tokens = 1;
  t.ledger[LoopOp::memory].ns = 1e6;
  t.ledger[LoopOp::matmul_gate].ns = 98e6;
  return t;
}

// Rates of five rounds with the pool, over rates without.
Subject pool_of(double times) {
  return [=](std::uint64_t) {
    const std::vector<double> without = {1, 1.01, 0.99, 1, 1.005};
    std::vector<double> with;
    for (const double rate : without) with.push_back(times * rate);
    with.front() *= 1.005;
    const Bound most = amdahl_bound({.technique = Technique::memory_pool}, token());
    const Credit credit = judge_credit(ratio_estimate(with, without), most);
    if (credit == Credit::possible) return Kill{};
    return Kill{"Amdahl", fmt::format("{}: at most {:.3g}x", name(credit), most.most)};
  };
}

}  // namespace
BITPROOF_FAULT(.lie = "83 times from pooling memory, where allocation takes a fiftieth of the token",
               .planted = pool_of(83.26), .clean = pool_of(1.01))
}  // namespace bitproof::zoo
