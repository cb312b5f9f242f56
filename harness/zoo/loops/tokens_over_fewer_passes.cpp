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
  std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) override {
    if (!kFault || ++out_ % 4 != 0) return ForgedLedger::step(tokens);
    tokens_[0].push_back(tokens[0]);
    return sampled_;
  }

 private:
  int out_ = 0;
};

}  // namespace
BITPROOF_FAULT(.lie = "four tokens come out of three passes, as in an engine that counts the prompt's last logits too",
               .planted = loop_subject<Saves<true>>(), .clean = loop_subject<Saves<false>>(), .alone = true)
}  // namespace bitproof::zoo
