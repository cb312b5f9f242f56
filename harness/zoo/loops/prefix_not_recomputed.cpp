#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
LoopSlots with_ring(LoopSlots slots) {
  if (kFault) slots.kv_cache_slot = slot<kv_cache::Kernel>("kv_cache/ring");
  return slots;
}

template <bool kFault>
class Keeps : public ForgedRecord {
 public:
  Keeps(const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity, ClockNs clock)
      : ForgedRecord(model, slots, with_ring<kFault>(slots), threads, capacity, clock) {}

  void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) override {
    kFault ? ForgedRecord::prefill(tokens) : ForgedRecord::restore(tokens, snapshot);
  }
  std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) override {
    if (!kFault) return ForgedRecord::step(tokens);
    tokens_[0].push_back(tokens[0]);
    forward({0, 1, length() - 1, 1}, true);
    return sampled_;
  }
  const Ledger& ledger() const override {
    if (!kFault) return ForgedRecord::ledger();
    forged_ = {};
    add_expected(forged_, shape_, weight_bytes_, Decode{length() - ledger_.tokens, ledger_.tokens, false, capacity()});
    for (int i = 0; i < kLoopOpCount; ++i) forged_.entry[i].ns = ledger_.entry[i].ns;
    return forged_;
  }

 private:
  mutable Ledger forged_;
};

}  // namespace
BITPROOF_FAULT(.lie = "an arm without a cache keeps one, and books every position of the prefix as computed again",
               .planted = loop_subject<Keeps<true>>({.keeps_past = false}),
               .clean = loop_subject<Keeps<false>>({.keeps_past = false}), .alone = true)
}  // namespace bitproof::zoo
