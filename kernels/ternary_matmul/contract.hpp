// y = W . x with w in {-1, 0, +1}: the linear layers of BitNet b1.58 (arXiv:2402.17764). Contract in matmul.hpp.
#pragma once

#include "matmul.hpp"

namespace bitproof::ternary_matmul {

using matmul::Call;
using matmul::Input;
using matmul::Shape;
using Kernel = matmul::Kernel<matmul::Weights::ternary>;

}  // namespace bitproof::ternary_matmul
