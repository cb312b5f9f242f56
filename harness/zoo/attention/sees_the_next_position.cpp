#include "zoo/attention/plain_attention.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Policy : Right {
  static std::int64_t visible(const Call& c, std::int64_t b) {
    const std::int64_t own = Right::visible(c, b), all = c.kv.segment[0].count + c.kv.segment[1].count;
    return kFault && own < all ? own + 1 : own;
  }
};

constexpr Kernel kRows[] = {
    kernel<Policy<true>>(
        planted("the causal mask is off by one: each query but the last sees the position after its own")),
    kernel<Policy<false>>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
