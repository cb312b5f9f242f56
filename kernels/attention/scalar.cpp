#include "attention/plain.hpp"

namespace bitproof::attention {
namespace {
constexpr Kernel kRows[] = {
    three_pass<float>(Element::f32, "", "plain loop, not vectorized", techniques()),
    three_pass<Half>(Element::f16, "f16", "the same over half floats", techniques()),
    three_pass<std::int8_t>(Element::q8, "q8", "the same over int8 rows with a scale", techniques()),
};
}
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
