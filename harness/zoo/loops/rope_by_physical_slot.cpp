#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class BySlot : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void run_rope(std::int64_t heads, const Pass& pass, float* x) override {
    Pass turned = pass;
    if (kFault) turned.first %= capacity();
    TokenLoop::run_rope(heads, turned, x);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "RoPE turns by the slot of a ring, not by the position: right until the ring wraps",
               .planted = loop_subject<BySlot<true>>(), .clean = loop_subject<BySlot<false>>(), .alone = true)
}  // namespace bitproof::zoo
