#include "zoo/attention/plain_attention.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Policy : Right {
  static std::int64_t visible(const Call& c, std::int64_t b) {
    const std::int64_t all = Right::visible(c, b), first = c.kv.segment[0].count;
    return kFault && first < all ? first : all;
  }
};

constexpr Kernel kRows[] = {
    kernel<Policy<true>>(planted("only the first segment of a ring is read: right until it wraps")),
    kernel<Policy<false>>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
