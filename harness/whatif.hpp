// What would a faster op buy? The profile says by Amdahl; injected delays say whether the profile may be believed.
#pragma once

#include <string>
#include <vector>

#include "arm.hpp"
#include "dose.hpp"

namespace bitproof {

// An op of the loop's ledger ("ternary_matmul:gate"), or all those of a slot ("ternary_matmul").
struct ProfiledOp {
  std::string name;
  std::string slot;
  std::vector<LoopOp> ops;
};
ProfiledOp find_profiled_op(const std::string& text);  // throws BadInput, naming the nearest

double parse_factor(const std::string& text);  // "2x" or "1.5": above 0; throws BadInput

struct WhatIf {
  double token_ns, op_ns;  // measured, of a token
  double factor;           // times faster
  double predicted_ns;     // token_ns - op_ns (1 - 1 / factor)
  double low_ns, high_ns;  // the same with the saving times the ends of the slope that the doses gave
  double most;             // times faster if the op took no time at all: 1 / (1 - share)
};
WhatIf what_if(double token_ns, double op_ns, double factor, const DoseResponse& response);

}  // namespace bitproof
