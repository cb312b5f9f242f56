#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Swaps : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void layer(std::int64_t index, const Pass& pass, float* h) override {
    TokenLoop::layer(kFault && index < 2 ? 1 - index : index, pass, h);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "two layers run in each other's place: as much work, another model",
               .planted = loop_subject<Swaps<true>>(), .clean = loop_subject<Swaps<false>>(), .alone = true)
}  // namespace bitproof::zoo
