#include "comparators/ternary_matmul/float_form.hpp"

namespace bitproof::ternary_matmul {
namespace {
constexpr Kernel kRows[] = {float_form<bitproof_openblas_product>("OpenBLAS's sgemv and sgemm, one thread a tile")};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
