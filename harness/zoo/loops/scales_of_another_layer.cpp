#include "zoo/loop_door.hpp"

namespace bitproof::zoo {
namespace {

// Puts the scales that layer 0 kept for its keys in the place of those of layer 1.
template <bool kFault>
class Shares : public TokenLoop {
 public:
  using TokenLoop::TokenLoop;
  void attention_block(std::int64_t layer, const Pass& pass, const float* h, float* out) override {
    const std::int64_t first = pass.first;
    if (kFault && layer == 1 && first > 0) {
      const kv_cache::Kernel& cache = slots_.kv_cache_slot.kernel();
      const auto scales = [&](std::int64_t of) {
        return const_cast<float*>(cache.view(kv_shape_, kv_storage_.data(), of, 0, first).segment[0].k_scale);
      };
      std::copy_n(scales(0), cache.view(kv_shape_, kv_storage_.data(), 0, 0, first).segment[0].count, scales(1));
    }
    TokenLoop::attention_block(layer, pass, h, out);
  }
};

}  // namespace
BITPROOF_FAULT(.lie = "layer 1 reads the int8 keys of a head with the scales of layer 0",
               .planted = loop_subject<Shares<true>>({.kv = "q8"}), .clean = loop_subject<Shares<false>>({.kv = "q8"}),
               .alone = true)
}  // namespace bitproof::zoo
