#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class OneLayer : public ForgedLedger {
 public:
  using ForgedLedger::ForgedLedger;
  void layer(std::int64_t index, const Pass& pass, float* h) override {
    if (!kFault || index == 0) ForgedLedger::layer(index, pass, h);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "a token is one layer and the head, booked as the whole model",
               .planted = loop_subject<OneLayer<true>>(), .clean = loop_subject<OneLayer<false>>(), .alone = true)
}  // namespace bitproof::zoo
