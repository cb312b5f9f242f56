#include "zoo/comparison_door.hpp"

namespace bitproof::zoo {
namespace {

Circumstances base_stalls(int launch, int round, Seat seat) {
  return {.slower = seat != Seat::b && (launch + round) % 6 == 0 ? 10.0 : 1};
}
Circumstances any_stalls(int launch, int round, Seat seat) {
  return {.slower = (launch + 2 * round + static_cast<int>(seat)) % 12 == 0 ? 10.0 : 1};
}

}  // namespace
BITPROOF_FAULT(.lie = "a few samples of the base took ten times as long, and its mean is shown",
               .planted = no_difference(base_stalls), .clean = a_tenth_less(any_stalls))
}  // namespace bitproof::zoo
