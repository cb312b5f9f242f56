#include "attention/split.hpp"

namespace bitproof::attention {
namespace {
constexpr Kernel kRows[] = {
    split<float>(Element::f32, "", "flash-decoding: parts of 256 positions, merged after a barrier, 16 lanes"),
    split<Half>(Element::f16, "f16", "the same over half floats"),
    split<std::int8_t>(Element::q8, "q8", "the same over int8 rows with a scale"),
};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
