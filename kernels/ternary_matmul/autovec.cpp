#include "ternary_matmul/plain.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <int kLines>
constexpr Kernel row(const char* name) {
  return plain_row<kLines>(name, "2-bit codes, plain loop, vectorized by the compiler", techniques(Technique::simd));
}
constexpr Kernel kRows[] = {row<0>(""), row<4>("pf4"), row<8>("pf8"), row<16>("pf16"), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
