#include "zoo/comparison_door.hpp"

namespace bitproof::zoo {
namespace {

constexpr Circumstances kAlone{}, kCrowded{.slower = 2, .foreign_cpus = 0.4};

Circumstances base_crowded(int, int, Seat seat) { return seat == Seat::b ? kAlone : kCrowded; }
Circumstances some_rounds_crowded(int, int round, Seat) { return round % 3 == 0 ? kCrowded : kAlone; }

}  // namespace
BITPROOF_FAULT(.lie = "the base shared its CPUs with other work, the candidate did not",
               .planted = no_difference(base_crowded), .clean = a_tenth_less(some_rounds_crowded))
}  // namespace bitproof::zoo
