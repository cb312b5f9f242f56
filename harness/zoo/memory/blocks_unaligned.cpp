#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

template <bool kFault>
void* allocate_shifted(void* self, std::size_t bytes) {
  auto* block = static_cast<std::byte*>(allocate(self, bytes));
  return kFault && block ? block + 16 : block;
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.allocate = allocate_shifted<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(
        planted("blocks begin 16 bytes into a cache line: every aligned vector load of a kernel may fault", kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
