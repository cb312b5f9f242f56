#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Saves : public ForgedLedger {
 public:
  using ForgedLedger::ForgedLedger;
  void reset_ledger() override {
    ForgedLedger::reset_ledger();
    out_ = 0;
  }
  std::int32_t next(std::int32_t token) override {
    if (!kFault || ++out_ % 4 != 0) return ForgedLedger::next(token);
    tokens_.push_back(token);
    return sampled_;
  }

 private:
  int out_ = 0;
};

}  // namespace
BITPROOF_FAULT(.lie = "four tokens come out of three passes, as in an engine that counts the prompt's last logits too",
               .planted = loop_subject<Saves<true>>(), .clean = loop_subject<Saves<false>>(), .alone = true)
}  // namespace bitproof::zoo
