#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Doubles : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  std::int32_t next(std::int32_t token) override {
    const std::int32_t chosen = TokenLoop::next(token);
    if (kFault) ++ledger_.tokens;
    return chosen;
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "every token is booked as two", .planted = loop_subject<Doubles<true>>(),
               .clean = loop_subject<Doubles<false>>(), .alone = true)
}  // namespace bitproof::zoo
