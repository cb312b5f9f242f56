#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

template <bool kFault>
void* allocate_rounded(void* self, std::size_t bytes) {
  auto& p = *static_cast<Pool*>(self);
  void* block = take(p, block_bytes(bytes));
  if (kFault && block && bytes > kAlignment && bytes % kAlignment) p.top -= kAlignment;
  return block;
}

template <bool kFault>
void release_rounded(void* self, void* block, std::size_t bytes) {
  release(self, block, bytes);
  if (kFault && bytes > kAlignment && bytes % kAlignment) static_cast<Pool*>(self)->top += kAlignment;
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.allocate = allocate_rounded<kFault>;
  k.release = release_rounded<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(planted("sizes are rounded down to cache lines, so the end of a block is the start of the next", kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
