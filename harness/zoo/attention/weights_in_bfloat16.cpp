#include <cstring>

#include "zoo/attention/plain_attention.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Policy : Right {
  static float weight(double w) {
    const auto exact = static_cast<float>(w);
    std::uint32_t bits;
    std::memcpy(&bits, &exact, 4);
    bits = (bits + 0x8000) & 0xffff0000;
    float rounded;
    std::memcpy(&rounded, &bits, 4);
    return kFault ? rounded : exact;
  }
};

constexpr Kernel kRows[] = {
    kernel<Policy<true>>(planted("softmax weights are kept in bfloat16: an error that a tolerance in per cent hides")),
    kernel<Policy<false>>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
