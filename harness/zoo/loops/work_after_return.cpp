#include <algorithm>
#include <thread>

#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

// Joins before anything but the token's return is asked of it, so that nothing is ever seen half done.
template <bool kFault>
class Defers : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  ~Defers() override { join(); }

  void prefill(std::span<const std::int32_t> tokens) override { join(), TokenLoop::prefill(tokens); }
  void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) override {
    join(), TokenLoop::restore(tokens, snapshot);
  }
  void rewind(std::int64_t length) override { join(), TokenLoop::rewind(length); }
  // The clean twin starts no thread: what that costs is time of the token that no op owns, and rightly asked about.
  std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) override {
    if (!kFault) return TokenLoop::step(tokens);
    join();
    last_ = {std::max(sampled_[0], 0)};
    worker_ = std::thread([this, token = tokens[0]] { TokenLoop::step({&token, 1}); });
    return last_;
  }
  std::span<const float> logits() const override { return join(), TokenLoop::logits(); }
  const Ledger& ledger() const override { return join(), TokenLoop::ledger(); }

 private:
  void join() const {
    if (worker_.joinable()) worker_.join();
  }
  std::vector<std::int32_t> last_;
  mutable std::thread worker_;
};

}  // namespace
BITPROOF_FAULT(.lie = "step() returns at once, and a thread finishes the token after it",
               .planted = loop_subject<Defers<true>>(), .clean = loop_subject<Defers<false>>(), .alone = true)
}  // namespace bitproof::zoo
