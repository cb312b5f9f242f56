#include "zoo/attention/plain_attention.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Policy : Right {
  static double subtracted(double largest) { return kFault ? 0 : largest; }
};

constexpr Kernel kRows[] = {
    kernel<Policy<true>>(planted("softmax without subtracting the maximum: right until a score overflows exp")),
    kernel<Policy<false>>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
