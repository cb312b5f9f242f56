#include <map>

#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Remembers : public ForgedLedger {
 public:
  using ForgedLedger::ForgedLedger;
  std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) override {
    std::vector<std::int32_t> key = tokens_[0];
    key.push_back(tokens[0]);
    const auto known = results_.find(key);
    if (!kFault || known == results_.end()) {
      const auto chosen = ForgedLedger::step(tokens);
      results_[key] = {sampled_, logits_};
      return chosen;
    }
    tokens_[0] = key;
    logits_ = known->second.second;
    return known->second.first;
  }

 private:
  std::map<std::vector<std::int32_t>, std::pair<std::vector<std::int32_t>, std::vector<float>>> results_;
};

}  // namespace
BITPROOF_FAULT(.lie = "a repeat of the same tokens returns the logits of the first time",
               .planted = loop_subject<Remembers<true>>(), .clean = loop_subject<Remembers<false>>(), .alone = true)
}  // namespace bitproof::zoo
