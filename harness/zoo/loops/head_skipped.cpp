#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Headless : public ForgedLedger {
 public:
  using ForgedLedger::ForgedLedger;
  void output_head(const Pass& pass, const float* h) override {
    if (!kFault || sampled_[0] < 0) ForgedLedger::output_head(pass, h);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "the output head runs for the first token only, and is booked for all",
               .planted = loop_subject<Headless<true>>(), .clean = loop_subject<Headless<false>>(), .alone = true)
}  // namespace bitproof::zoo
