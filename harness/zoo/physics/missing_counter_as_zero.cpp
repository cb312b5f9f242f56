#include "witness.hpp"
#include "zoo/fault.hpp"

namespace bitproof::zoo {
namespace {

Subject pool_with(std::optional<double> allocations) {
  return [=](std::uint64_t) {
    const Witness w = memory_pool_witness(allocations, "the allocator is not interposed", 0);
    return w.engaged ? Kill{} : Kill{"allocation count", w.evidence};
  };
}

}  // namespace
BITPROOF_FAULT(.lie = "no allocation was counted, because nothing counted them: sold as a pool at work",
               .planted = pool_with(std::nullopt), .clean = pool_with(0))
}  // namespace bitproof::zoo
