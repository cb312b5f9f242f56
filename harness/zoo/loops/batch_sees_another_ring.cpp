#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Sees : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  kv_cache::View seen(std::int64_t layer, std::int64_t sequence, std::int64_t end) const override {
    return TokenLoop::seen(layer, kFault && sequence == 1 && end > capacity() ? 0 : sequence, end);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "once the ring has wrapped, the second sequence of a batch attends to the first",
               .planted = batch_subject<Sees<true>>(), .clean = batch_subject<Sees<false>>())
}  // namespace bitproof::zoo
