#include <algorithm>

#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Swaps : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void output_head(const Pass& pass, const float* h) override {
    TokenLoop::output_head(pass, h);
    if (!kFault) return;
    std::swap(sampled_[0], sampled_[1]);
    std::swap_ranges(logits_.begin(), logits_.begin() + shape_.vocab, logits_.begin() + shape_.vocab);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "two sequences of a batch get the logits of each other", .planted = batch_subject<Swaps<true>>(),
               .clean = batch_subject<Swaps<false>>())
}  // namespace bitproof::zoo
