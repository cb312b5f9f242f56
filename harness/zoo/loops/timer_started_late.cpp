#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

// What each op's timer shows when it starts after nine tenths of the work.
template <bool kFault>
class Late : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  const Ledger& ledger() const override {
    shown_ = ledger_;
    for (Entry& e : shown_.entry) e.ns *= kFault ? 0.1 : 1;
    return shown_;
  }

 private:
  mutable Ledger shown_;
};

}  // namespace
BITPROOF_FAULT(.lie = "the timer of each op starts when nine tenths of it are done",
               .planted = loop_subject<Late<true>>(), .clean = loop_subject<Late<false>>(), .alone = true)
}  // namespace bitproof::zoo
