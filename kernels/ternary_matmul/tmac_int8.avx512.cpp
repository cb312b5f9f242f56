#include "ternary_matmul/tmac_int8.hpp"

#include "ternary_matmul/tmac_vectors.hpp"

namespace bitproof::ternary_matmul {
namespace {

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return int8_row<Int8Rows<Vector512, kLines, kStreams>>(
      name, "int8 tables of 4 activations by vpshufb, 64 rows interleaved; NMSE gate of arXiv:2407.00088");
}
constexpr Kernel kRows[] = {row<4>(""), row<1>("s1"), row<4, 8>("pf8"), row<4, 32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
