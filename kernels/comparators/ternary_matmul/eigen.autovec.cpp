#include "comparators/ternary_matmul/float_form.hpp"

namespace bitproof::ternary_matmul {
namespace {
constexpr Kernel kRows[] = {float_form<bitproof_eigen_product>("Eigen's float product, compiled for this machine")};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
