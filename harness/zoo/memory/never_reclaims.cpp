#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

template <bool kFault>
void release_nothing(void* self, void* block, std::size_t bytes) {
  if (!kFault) release(self, block, bytes);
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.release = release_nothing<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(planted("what is released is not used again: right until the pool runs dry", kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
