#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class BooksEach : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  const Ledger& ledger() const override {
    told_ = TokenLoop::ledger();
    for (const LoopOp op : {LoopOp::matmul_q, LoopOp::matmul_k, LoopOp::matmul_v, LoopOp::matmul_o, LoopOp::matmul_gate,
                            LoopOp::matmul_up, LoopOp::matmul_down, LoopOp::lm_head}) {
      told_[op].bytes *= kFault ? static_cast<double>(kv_shape_.sequences) : 1;
    }
    return told_;
  }

 private:
  mutable Ledger told_;
};

}  // namespace
BITPROOF_FAULT(.lie = "weights that a batch streams once are booked once a sequence: three times the GB/s",
               .planted = batch_subject<BooksEach<true>>(), .clean = batch_subject<BooksEach<false>>())
}  // namespace bitproof::zoo
