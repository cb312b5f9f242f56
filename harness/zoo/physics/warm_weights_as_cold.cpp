#include "zoo/physics_door.hpp"

namespace bitproof::zoo {
namespace {

Work streamed() { return {.read_bytes = 5000, .cycle_bytes = 1e9}; }

}  // namespace
// 50 GB/s is what the second cache does, memory 10.
BITPROOF_FAULT(.lie = "weights that stay in a cache are read there, and the rate is sold as that of streaming",
               .planted = timed_work(streamed(), 5000 / 50.0), .clean = possible_work(streamed(), 5000 / 9.0))
}  // namespace bitproof::zoo
