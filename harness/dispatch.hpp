// Which function each slot of a loop called, by address: what ran, where a recipe says what should.
#pragma once

#include <cstdint>
#include <string>

#include "recipe.hpp"

namespace bitproof {

enum class SlotOp : std::uint8_t {
#define BITPROOF_SLOT(op) op,
  BITPROOF_FOR_EACH_OP(BITPROOF_SLOT)
#undef BITPROOF_SLOT
};
#define BITPROOF_COUNT(op) +1
inline constexpr int kSlotCount = 0 BITPROOF_FOR_EACH_OP(BITPROOF_COUNT);
#undef BITPROOF_COUNT

// The function that does a kernel's work; variants of one op differ in it.
template <class Kernel>
const void* entry(const Kernel& k) {
  const auto address = [](auto* function) { return reinterpret_cast<const void*>(function); };
  if constexpr (requires { k.multiply; }) {
    return address(k.multiply);
  } else if constexpr (requires { k.run; }) {
    return address(k.run);
  } else if constexpr (requires { k.greedy; }) {
    return address(k.greedy);
  } else if constexpr (requires { k.append; }) {
    return address(k.append);
  } else if constexpr (requires { k.allocate; }) {
    return address(k.allocate);
  } else {
    return address(k.for_tiles);
  }
}

class Dispatch {
 public:
  // Returns the function, so that what is recorded is what is called.
  template <class R, class... A>
  auto operator()(SlotOp slot, R (*function)(A...)) {
    claim(slot, reinterpret_cast<const void*>(function));
    return function;
  }
  void claim(SlotOp slot, const void* address) {
    Record& r = record_[static_cast<int>(slot)];
    if (r.first != address) (r.first ? r.other : r.first) = address;
  }

  // op -> id of the variant that was called, as the registry knows its address; of those that share it, the one in
  // `names`. "nothing" for a slot that was never called, "a function of no variant" for a stranger, "a and b" for two.
  RecipeNames ran(const RecipeNames& names) const;

  // "" when every slot ran the variant that the recipe names and no other, else the first that did not, in words.
  std::string difference(const RecipeNames& names) const;

 private:
  struct Record {
    const void* first = nullptr;
    const void* other = nullptr;  // the last one that was not the first
  };
  Record record_[kSlotCount];
};

}  // namespace bitproof
