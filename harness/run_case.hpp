// The judgement of one kernel on one case: called as one tile, and in odd tiles in reverse order.
#pragma once

#include "problem.hpp"
#include "splits.hpp"

namespace bitproof {

template <class Kernel>
Verdict run_case(Problem<Kernel>& problem, const Kernel& kernel) {
  for (const threading::Kernel* split : {&whole_split(), &odd_split()}) {
    const auto workload = problem.workload(kernel, {.threading = split, .threads = kSplitThreads});
    workload->poison();
    workload->call(0);
    if (Verdict v = workload->judge(0); !v.ok()) {
      if (split == &odd_split()) v.reason += " (when split into odd tiles)";
      return v;
    }
  }
  return Verdict::pass();
}

}  // namespace bitproof
