// One case, made ready once and tried on any number of variants of its op: everything that decides whether a variant is
// right passes through here, whether it comes from kernels/ or from anywhere else.
#pragma once

#include <memory>
#include <type_traits>

#include "metamorphic.hpp"
#include "run_case.hpp"
#include "slots.hpp"

namespace bitproof {

// Ops without arithmetic of their own are judged by their contract's properties, and by products and attention done
// through them.
template <class Kernel>
inline constexpr bool kIsSlot = std::is_same_v<Kernel, memory::Kernel> || std::is_same_v<Kernel, threading::Kernel> ||
                                std::is_same_v<Kernel, kv_cache::Kernel>;

template <class Kernel>
class Trial {
 public:
  explicit Trial(const Case& c) : case_(c) {
    if constexpr (!kIsSlot<Kernel>) problem_ = make_problem<Kernel>(c);
  }

  // The variant must be runnable here.
  Verdict judge(const VariantOf<Kernel>& variant) {
    if constexpr (kIsSlot<Kernel>) {
      return check_slot(*variant.kernel, case_);
    } else {
      if (Verdict v = run_case(*problem_, *variant.kernel); !v.ok()) return v;
      return check_relations(*variant.kernel, case_);
    }
  }

 private:
  struct None {};

  const Case case_;
  std::conditional_t<kIsSlot<Kernel>, None, std::unique_ptr<Problem<Kernel>>> problem_;
};

}  // namespace bitproof
