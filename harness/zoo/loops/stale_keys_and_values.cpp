#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Stale : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) override {
    TokenLoop::restore(tokens, kFault ? KvSnapshot{} : snapshot);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "a restored prefix has the tokens of the snapshot and the keys and values of whatever was there",
               .planted = loop_subject<Stale<true>>(), .clean = loop_subject<Stale<false>>(), .alone = true)
}  // namespace bitproof::zoo
