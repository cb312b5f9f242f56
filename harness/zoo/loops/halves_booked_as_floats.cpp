#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Books : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  const Ledger& ledger() const override {
    told_ = TokenLoop::ledger();
    for (const LoopOp op : {LoopOp::attention, LoopOp::kv_append}) told_[op].bytes *= kFault ? 2 : 1;
    return told_;
  }

 private:
  mutable Ledger told_;
};

}  // namespace
BITPROOF_FAULT(.lie = "a cache of half floats is booked as one of floats: twice the bytes, twice the GB/s",
               .planted = loop_subject<Books<true>>({.kv = "f16"}), .clean = loop_subject<Books<false>>({.kv = "f16"}),
               .alone = true)
}  // namespace bitproof::zoo
