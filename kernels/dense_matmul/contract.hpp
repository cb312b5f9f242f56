// y = W . x with |w| <= 127: the 8-bit output head. Contract in matmul.hpp; the row scales are applied by `dequantize`.
#pragma once

#include "matmul.hpp"

namespace bitproof::dense_matmul {

using matmul::Call;
using matmul::Input;
using matmul::Shape;
using Kernel = matmul::Kernel<matmul::Weights::int8>;

}  // namespace bitproof::dense_matmul
