#include "zoo/comparison_door.hpp"

namespace bitproof::zoo {
namespace {

// A process keeps its layout, so its samples agree, however many there are.
constexpr Sampling kTwoLongProcesses{.launches = 2, .rounds = 300, .between = 0.0001};
constexpr Sampling kManyProcesses{.between = 0.005};

Circumstances lucky(int, int, Seat seat) { return {.slower = seat == Seat::b ? 0.95 : 1}; }
Circumstances any(int, int, Seat) { return {}; }

}  // namespace
BITPROOF_FAULT(.lie = "hundreds of samples from two processes in which the code happens to lie well",
               .planted = no_difference(lucky, kTwoLongProcesses), .clean = a_tenth_less(any, kManyProcesses))
}  // namespace bitproof::zoo
