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

Bound most_of_pool() { return amdahl_bound({.technique = Technique::memory_pool}, token()); }

// Of rates of five rounds with the pool, over rates without.
Credit credit_of(double times) {
  const std::vector<double> without = {1, 1.01, 0.99, 1, 1.005};
  std::vector<double> with;
  for (const double rate : without) with.push_back(times * rate);
  with.front() *= 1.005;
  return judge_credit(ratio_estimate(with, without), most_of_pool());
}

Kill kill(Credit credit) { return {"Amdahl", fmt::format("{}: at most {:.3g}x", name(credit), most_of_pool().most)}; }

// A run fails on IMPOSSIBLE and on nothing less; a clean twin must be possible, not merely noise above its bound.
Kill planted(std::uint64_t) {
  const Credit credit = credit_of(83.26);
  return credit == Credit::impossible ? kill(credit) : Kill{};
}
Kill clean(std::uint64_t) {
  const Credit credit = credit_of(1.01);
  return credit == Credit::possible ? Kill{} : kill(credit);
}

}  // namespace
BITPROOF_FAULT(.lie = "83 times from pooling memory, where allocation takes a fiftieth of the token",
               .planted = planted, .clean = clean)
}  // namespace bitproof::zoo
