#include "zoo/comparison_door.hpp"

namespace bitproof::zoo {
namespace {

Circumstances first_pays(int, int, Seat seat) { return {.slower = seat == Seat::a ? 1.1 : 1}; }
Circumstances nobody_pays(int, int, Seat) { return {}; }

}  // namespace
BITPROOF_FAULT(.lie = "the arm that always comes first pays for warming up", .planted = no_difference(first_pays),
               .clean = a_tenth_less(nobody_pays))
}  // namespace bitproof::zoo
