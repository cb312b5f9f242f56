#include <algorithm>

#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

template <bool kFault>
class Restores : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) override {
    KvSnapshot own = snapshot;
    const std::ptrdiff_t each = std::ssize(own.k) / kv_shape_.sequences;
    for (std::int64_t i = 1; kFault && i < kv_shape_.sequences; ++i) {
      std::copy_n(own.k.begin(), each, own.k.begin() + i * each);
      std::copy_n(own.v.begin(), each, own.v.begin() + i * each);
    }
    TokenLoop::restore(tokens, own);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "every sequence of a batch is given the keys and values of the first to begin with",
               .planted = batch_subject<Restores<true>>(), .clean = batch_subject<Restores<false>>())
}  // namespace bitproof::zoo
