#include "attention/plain.hpp"
#include "zoo/rows.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
struct Read {
  Half bits;
};

template <bool kFault>
float value(Read<kFault> x) {
  return value(kFault && (x.bits & 0x7c00u) == 0 ? Half{0} : x.bits);
}

template <bool kFault>
constexpr Kernel kernel(VariantInfo info) {
  return {info, Element::f16, scores_bytes, run<Read<kFault>>};
}
constexpr Kernel kRows[] = {kernel<true>(planted("half floats below the smallest normal one are read as zeros")),
                            kernel<false>(clean())};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
