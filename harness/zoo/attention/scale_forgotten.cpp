#include "zoo/attention/plain_attention.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Policy : Right {
  static double scale(const Call& c) { return kFault ? 1 : Right::scale(c); }
};

constexpr Kernel kRows[] = {
    kernel<Policy<true>>(planted("scores without 1 / sqrt(head_dim): still a softmax, and it sums to one")),
    kernel<Policy<false>>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
