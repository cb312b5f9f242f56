#include "ternary_matmul/tmac_shuffle.hpp"
#include "ternary_matmul/tmac_vectors.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <int kLines>
constexpr Kernel row(const char* name) {
  return tmac_row<Vector512, kLines>(name, "tables of 4 activations by vpshufb, 64 rows interleaved, exact");
}
constexpr Kernel kRows[] = {row<0>(""), row<4>("pf4"), row<8>("pf8"), row<16>("pf16"), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
