#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

double slow_ns() { return steady_ns() / 20; }
double shifted_ns() { return steady_ns() + 1e12; }

}  // namespace
BITPROOF_FAULT(.lie = "the clock of the loop and of the arm ticks at a twentieth of its rate",
               .planted = loop_subject<TokenLoop>({.clock = slow_ns}),
               .clean = loop_subject<TokenLoop>({.clock = shifted_ns}), .alone = true)
}  // namespace bitproof::zoo
