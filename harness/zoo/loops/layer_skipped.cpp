#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Skips : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void layer(std::int64_t index, const Pass& pass, float* h) override {
    if (kFault && index == 1) return;
    TokenLoop::layer(index, pass, h);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "one layer of three is left out", .planted = loop_subject<Skips<true>>(),
               .clean = loop_subject<Skips<false>>(), .alone = true)
}  // namespace bitproof::zoo
