#include <map>

#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Remembers : public ForgedLedger {
 public:
  using ForgedLedger::ForgedLedger;
  std::int32_t next(std::int32_t token) override {
    std::vector<std::int32_t> key = tokens_;
    key.push_back(token);
    const auto known = results_.find(key);
    if (!kFault || known == results_.end()) {
      const std::int32_t chosen = ForgedLedger::next(token);
      results_[key] = {chosen, logits_};
      return chosen;
    }
    tokens_ = key;
    logits_ = known->second.second;
    return known->second.first;
  }

 private:
  std::map<std::vector<std::int32_t>, std::pair<std::int32_t, std::vector<float>>> results_;
};

}  // namespace
BITPROOF_FAULT(.lie = "a repeat of the same tokens returns the logits of the first time",
               .planted = loop_subject<Remembers<true>>(), .clean = loop_subject<Remembers<false>>(), .alone = true)
}  // namespace bitproof::zoo
