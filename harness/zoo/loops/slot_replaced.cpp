#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
LoopSlots plain_norm(LoopSlots slots) {
  if (kFault) slots.rms_norm_slot = slot<rms_norm::Kernel>("rms_norm/autovec");
  return slots;
}

template <bool kFault>
class Replaces : public TokenLoop {
 public:
  Replaces(const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity, ClockNs clock)
      : TokenLoop(model, plain_norm<kFault>(slots), threads, capacity, clock) {}
};

}  // namespace
BITPROOF_FAULT(.lie = "another variant runs in the slot of the one that was asked for, as right as it",
               .planted = loop_subject<Replaces<true>>(), .clean = loop_subject<Replaces<false>>(), .alone = true)
}  // namespace bitproof::zoo
