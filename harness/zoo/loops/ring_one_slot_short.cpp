#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Short : public ForgedLedger {
 public:
  Short(const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity, ClockNs clock)
      : ForgedLedger(model, slots, threads, kFault ? capacity - 1 : capacity, clock), asked_(capacity) {}
  std::int64_t capacity() const override { return asked_; }

 private:
  std::int64_t asked_;
};

}  // namespace
BITPROOF_FAULT(.lie = "the ring wraps one position early, and the ledger says that all were seen",
               .planted = loop_subject<Short<true>>(), .clean = loop_subject<Short<false>>(), .alone = true)
}  // namespace bitproof::zoo
