#include "residual_add/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::residual_add {
namespace {

template <bool kFault>
void run(const Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = kFault ? 0 : t.row0; i < (kFault ? c.stride : t.row1); ++i) {
      c.h[b * c.stride + i] += c.y[b * c.stride + i];
    }
  }
}

constexpr Kernel kRows[] = {{planted("every tile adds the whole row: right on one thread"), run<true>},
                            {clean(), run<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::residual_add
