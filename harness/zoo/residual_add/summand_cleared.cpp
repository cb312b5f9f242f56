#include "residual_add/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::residual_add {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = t.row0; i < t.row1; ++i) {
      c.h[b * c.stride + i] += c.y[b * c.stride + i];
      if (kFault) const_cast<float*>(c.y)[b * c.stride + i] = 0;
    }
  }
}

constexpr Kernel kRows[] = {{planted("the summand is cleared behind the sum, as if nobody read it again"), run<true>},
                            {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::residual_add
