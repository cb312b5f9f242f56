#include "zoo/physics_door.hpp"

namespace bitproof::zoo {
BITPROOF_FAULT(.lie = "nobody used the result, so the compiler removed the loop: a product in a nanosecond",
               .planted = timed_work(gemv(), 1), .clean = possible_work(gemv(), 0.5e6))
}  // namespace bitproof::zoo
