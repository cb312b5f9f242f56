#include <algorithm>

#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Skips : public ForgedLedger {
 public:
  using ForgedLedger::ForgedLedger;
  void forward(const Pass& pass, bool wants_logits) override {
    if (!kFault || pass.sequences == 1) return ForgedLedger::forward(pass, wants_logits);
    ForgedLedger::forward({pass.sequence, pass.sequences - 1, pass.first, pass.positions}, wants_logits);
    sampled_.back() = sampled_[0];
    std::copy_n(logits_.begin(), shape_.vocab, logits_.end() - shape_.vocab);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "the last sequence of a batch is not decoded: it gets the token of the first, and is counted",
               .planted = batch_subject<Skips<true>>(), .clean = batch_subject<Skips<false>>())
}  // namespace bitproof::zoo
