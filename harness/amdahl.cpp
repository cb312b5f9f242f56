#include "amdahl.hpp"

#include <algorithm>

namespace bitproof {
namespace {

double op_ns(const TokenTime& t, LoopOp op) { return t.ledger.a_token(t.ledger[op].ns); }

double allocation_ns(const TokenTime& t) { return op_ns(t, LoopOp::memory) + t.faults_ns; }

// The least that is left of a token.
double kept_by_cache(const TokenTime& t) {
  const double positions = t.ledger.a_token(static_cast<double>(t.ledger.positions));
  const double head = op_ns(t, LoopOp::lm_head) + op_ns(t, LoopOp::sampling);
  const double per_position = t.wall_ns - head - allocation_ns(t) - t.unbooked_ns;
  return head + std::max(per_position, 0.0) / positions;
}

double kept_by_slots(const Change& change, const TokenTime& t) {
  double kept = t.wall_ns - t.unbooked_ns;
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    if (!change.slots.contains(slot_of(op))) continue;
    kept -= std::max(op_ns(t, op) - change.least_ns[static_cast<std::size_t>(i)], 0.0);
  }
  return kept;
}

}  // namespace

Bound amdahl_bound(const Change& change, const TokenTime& without) {
  const auto [kept, by] = [&]() -> std::pair<double, std::string> {
    switch (change.technique) {
      case Technique::memory_pool:
        return {without.wall_ns - allocation_ns(without), "allocation and page faults"};
      case Technique::threading:
        return {without.wall_ns / change.threads, "everything, over the threads"};
      case Technique::kv_cache:
        return {kept_by_cache(without), "positions computed again"};
      default:
        return {kept_by_slots(change, without), "the ops that it replaces, down to what physics allows"};
    }
  }();
  // Page faults are an estimate, and may come to more than the token took: then nothing bounds it.
  const double left = std::max(kept / without.wall_ns, 0.0);
  return {1 / left, 1 - left, by};
}

double share_for(double speedup) { return 1 - 1 / speedup; }

const char* name(Credit verdict) {
  constexpr const char* kNames[] = {"unbounded", "possible", "noise", "not judged", "IMPOSSIBLE"};
  return kNames[static_cast<int>(verdict)];
}

Credit judge_credit(const RatioEstimate& ratio, const Bound& bound, std::optional<double> placement) {
  if (ratio.geometric_mean <= bound.most) return Credit::possible;
  if (ratio.ci_low <= bound.most * kMostOfAmdahl * placement.value_or(1)) return Credit::noise;
  return placement ? Credit::impossible : Credit::not_judged;
}

}  // namespace bitproof
