#include "zoo/physics_door.hpp"

namespace bitproof::zoo {
namespace {

Work hot_product() {
  Work work{.read_bytes = 500, .cycle_bytes = 500};
  work[OpKind::multiply_add] = 1e6;
  return work;
}

}  // namespace
// 200 Gop/s is the fastest ISA's.
BITPROOF_FAULT(.lie = "ten times the operations a second that the cores can do",
               .planted = timed_work(hot_product(), 1e6 / 2000), .clean = possible_work(hot_product(), 1e6 / 150))
}  // namespace bitproof::zoo
