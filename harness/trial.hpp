// One case, made ready once and tried on any number of variants of its op: everything that decides whether a variant is
// right passes through here, whether it comes from kernels/ or from anywhere else.
#pragma once

#include <memory>
#include <type_traits>

#include "claim.hpp"
#include "metamorphic.hpp"
#include "run_case.hpp"
#include "slots.hpp"

namespace bitproof {

template <class Kernel>
class Trial {
 public:
  explicit Trial(const Case& c) : case_(c) {
    if constexpr (!kIsSlot<Kernel>) problem_ = make_problem<Kernel>(c);
  }

  // The variant must be runnable here. Its code is held against its name before it runs. Ops without arithmetic are
  // judged by their contract's properties, and by products and attention done through them.
  Verdict judge(const VariantOf<Kernel>& variant) {
    if (Verdict v = screen_code(variant); !v.ok()) return v;
    if (Verdict v = run(variant); !v.ok()) return v;
    return screen_effect(variant);
  }

 private:
  struct None {};

  Verdict run(const VariantOf<Kernel>& variant) {
    if constexpr (kIsSlot<Kernel>) {
      return check_slot(*variant.kernel, case_);
    } else {
      if (Verdict v = run_case(*problem_, *variant.kernel); !v.ok()) return v;
      return check_relations(*variant.kernel, case_);
    }
  }

  const Case case_;
  std::conditional_t<kIsSlot<Kernel>, None, std::unique_ptr<Problem<Kernel>>> problem_;
};

}  // namespace bitproof
