#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

// Takes for zero what it has not written: so it is on a machine whose fresh pages are, until they are not fresh.
template <bool kFault>
class Reads : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void layer(std::int64_t index, const Pass& pass, float* h) override {
    TokenLoop::layer(index, pass, h);
    const Block<float> scratch(memory_, 16);
    if (!kFault) scratch.data()[0] = 0;
    h[0] += scratch.data()[0] * 0.0f;
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "a loop adds 0 x a number from a block that it has not written: harmless until it is a NaN",
               .planted = loop_subject<Reads<true>>(), .clean = loop_subject<Reads<false>>(), .alone = true)
}  // namespace bitproof::zoo
