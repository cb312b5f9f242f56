#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

template <bool kFault>
void release_and_forget(void* self, void* block, std::size_t bytes) {
  release(self, block, bytes);
  auto& p = *static_cast<Pool*>(self);
  if (kFault) p.high_water = p.top;
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.release = release_and_forget<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(
        planted("the high-water mark falls when blocks are released: memory that was used is not reported", kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
