#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Doubles : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) override {
    const auto chosen = TokenLoop::step(tokens);
    if (kFault) ++ledger_.tokens;
    return chosen;
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "every token is booked as two", .planted = loop_subject<Doubles<true>>(),
               .clean = loop_subject<Doubles<false>>(), .alone = true)
}  // namespace bitproof::zoo
