#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

template <bool kFault>
void* allocate_always(void* self, std::size_t bytes) {
  if (void* block = allocate(self, bytes)) return block;
  auto& p = *static_cast<Pool*>(self);
  const std::size_t size = block_bytes(bytes);
  return kFault && size && size <= p.capacity ? p.blocks() + p.capacity - size : nullptr;
}

template <bool kFault>
void release_some(void* self, void* block, std::size_t bytes) {
  auto& p = *static_cast<Pool*>(self);
  const bool owned = static_cast<std::byte*>(block) + block_bytes(bytes) == p.blocks() + p.top;
  if (!kFault || owned) release(self, block, bytes);
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.allocate = allocate_always<kFault>;
  k.release = release_some<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(planted("past its capacity it hands out its last block again, instead of null", kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
