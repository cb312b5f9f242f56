#include "zoo/attention/plain_attention.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Policy : Right {
  static std::int64_t kv_head(const Call& c, std::int64_t head) {
    return kFault ? head % c.kv_heads : Right::kv_head(c, head);
  }
};

constexpr Kernel kRows[] = {
    kernel<Policy<true>>(planted("head h reads kv head h % kv_heads: right where every head has its own")),
    kernel<Policy<false>>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
