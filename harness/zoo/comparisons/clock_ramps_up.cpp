#include "zoo/comparison_door.hpp"

namespace bitproof::zoo {
namespace {

constexpr Circumstances kFast{}, kThrottled{.slower = 3.4 / 2, .clock_ghz = 2};

Circumstances base_cold(int, int, Seat seat) { return seat == Seat::b ? kFast : kThrottled; }
Circumstances throttled_at_times(int launch, int, Seat) { return launch % 2 ? kFast : kThrottled; }

}  // namespace
BITPROOF_FAULT(.lie = "the base ran before the clock was up", .planted = no_difference(base_cold),
               .clean = a_tenth_less(throttled_at_times))
}  // namespace bitproof::zoo
