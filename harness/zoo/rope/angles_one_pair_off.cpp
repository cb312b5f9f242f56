#include "rope/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::rope {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  const std::int64_t half = c.head_dim / 2;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t head = t.row0; head < t.row1; ++head) {
      float* x = c.x + b * c.x_stride + head * c.head_dim;
      for (std::int64_t i = 0; i < half; ++i) {
        const bool apart = c.style == Style::neox;
        float &first = apart ? x[i] : x[2 * i], &second = apart ? x[i + half] : x[2 * i + 1];
        const std::int64_t angle = b * half + (kFault && i + 1 < half ? i + 1 : i);
        const float cos = c.cos[angle], sin = c.sin[angle];
        const float turned = first * cos - second * sin;
        second = first * sin + second * cos;
        first = turned;
      }
    }
  }
}

constexpr Kernel kRows[] = {
    {planted("each pair is turned by the angle of the next: off by one where nothing overflows"), run<true>},
    {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::rope
