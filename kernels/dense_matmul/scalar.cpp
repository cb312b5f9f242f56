#include "dense_matmul/plain.hpp"

namespace bitproof::dense_matmul {
namespace {

template <int kLines>
constexpr Kernel row(const char* name) {
  return plain_row<kLines>(name, "plain loop, not vectorized", techniques());
}
constexpr Kernel kRows[] = {row<0>(""), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
