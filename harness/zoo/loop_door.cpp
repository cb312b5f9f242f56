#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

bool runs_here(Technique t) {
  for (const Variant& v : all_variants()) {
    if (v.op == "ternary_matmul" && v.isa != "autovec" && v.info->techniques.has(t) && v.runnable()) return true;
  }
  return false;
}

ArmSpec spec_of(const LoopCase& c) {
  Techniques set = Techniques{}.with(Technique::memory_pool);
  if (runs_here(Technique::simd)) set = set.with(Technique::simd);
  if (c.keeps_past) set = set.with(Technique::kv_cache);
  ArmSpec spec = arm_of(set, 1);
  if (c.keeps_past) apply_kv(spec.names, c.kv);
  return spec;
}

}  // namespace

Kill judge_loop(const MakeDecoder& make, std::uint64_t seed, const LoopCase& c) {
  const ArmSpec spec = spec_of(c);
  Clearance clearance;
  return from_verdict(LoopJudge(seed).judge(spec, clearance.clear(spec.names), make, c.clock).verdict);
}

Kill judge_batch_loop(const MakeBatchDecoder& make, std::uint64_t seed) {
  constexpr std::int64_t kSequences = 3;
  const ArmSpec spec = spec_of({});
  Clearance clearance;
  return from_verdict(LoopJudge(seed).judge_batch(spec, clearance.clear(spec.names), kSequences, make));
}

void ForgedLedger::reset_ledger() {
  TokenLoop::reset_ledger();
  start_ = length();
}

const Ledger& ForgedLedger::ledger() const {
  forged_ = {};
  add_expected(
      forged_, shape_, weight_bytes_,
      Decode{start_, length() - start_, keeps_past(), capacity(), kv_cache::Element::f32, kv_shape_.sequences});
  for (int i = 0; i < kLoopOpCount; ++i) forged_.entry[i].ns = ledger_.entry[i].ns;
  return forged_;
}

ForgedRecord::ForgedRecord(const PackedModel& model, const LoopSlots& claimed, const LoopSlots& used, int threads,
                           std::int64_t capacity, ClockNs clock)
    : ForgedLedger(model, used, threads, capacity, clock) {
#define BITPROOF_CLAIM(op) dispatch_claimed_.claim(SlotOp::op, entry(claimed.op##_slot.kernel()));
  BITPROOF_FOR_EACH_OP(BITPROOF_CLAIM)
#undef BITPROOF_CLAIM
}

}  // namespace bitproof::zoo
