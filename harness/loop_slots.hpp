// The kernels that a loop runs, one a slot: all from tickets, but for the one that a canary or a dose put there.
#pragma once

#include <string>
#include <utility>

#include "recipe.hpp"

namespace bitproof {

template <class Kernel>
class Slot {
 public:
  Slot(const Cleared<Kernel>& ticket) : kernel_(&ticket.kernel()), id_(ticket.id()) {}

  const Kernel& kernel() const { return *kernel_; }
  const std::string& id() const { return id_; }

 private:
  // A twin never is Cleared, and an Arm takes cleared recipes only: what a twin's loop does cannot become a rate.
  friend class CanaryBench;
  friend class DoseBench;
  Slot(const Kernel& twin, std::string id) : kernel_(&twin), id_(std::move(id)) {}

  const Kernel* kernel_;
  std::string id_;
};

struct AllSlots {
#define BITPROOF_SLOT(op) Slot<op::Kernel> op##_slot;
  BITPROOF_FOR_EACH_OP(BITPROOF_SLOT)
#undef BITPROOF_SLOT
};

struct LoopSlots : AllSlots {
#define BITPROOF_SLOT(op) recipe.op##_slot,
  LoopSlots(const Recipe& recipe) : AllSlots{BITPROOF_FOR_EACH_OP(BITPROOF_SLOT)} {}
#undef BITPROOF_SLOT
};

}  // namespace bitproof
