#include "zoo/comparison_door.hpp"

namespace bitproof::zoo {
namespace {

constexpr Circumstances kNear{}, kApart{.slower = 1.8, .ping_pong_ns = 170};

Circumstances base_later(int, int, Seat seat) { return seat == Seat::b ? kNear : kApart; }
Circumstances flips_for_all(int launch, int, Seat) { return launch % 2 ? kNear : kApart; }

}  // namespace
BITPROOF_FAULT(.lie = "the base was measured while the host had the cores further apart",
               .planted = no_difference(base_later), .clean = a_tenth_less(flips_for_all))
}  // namespace bitproof::zoo
