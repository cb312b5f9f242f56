// The judgement of one kernel on one case. It is called several times, each time with its buffers elsewhere, another
// poison, another split; every call must behave, the first must agree with the oracle, and all must agree to the bit.
#pragma once

#include <functional>

#include "problem.hpp"

namespace bitproof {

using MakeWorkload = std::function<std::unique_ptr<Workload>(const WorkloadOptions&)>;

Verdict run_case(const Case& c, const MakeWorkload& make);

template <class Kernel>
Verdict run_case(Problem<Kernel>& problem, const Kernel& kernel) {
  return run_case(problem.given(), [&](const WorkloadOptions& options) { return problem.workload(kernel, options); });
}

}  // namespace bitproof
