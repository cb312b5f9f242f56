#include <cstring>

#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

template <bool kFault>
void* create_cleared(std::size_t capacity) {
  void* self = create(capacity);
  if (kFault && self) std::memset(static_cast<Pool*>(self)->blocks(), 0, static_cast<Pool*>(self)->capacity);
  return self;
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.create = create_cleared<kFault>;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(planted("the arena is cleared when it is made: the page faults of a token are paid where no clock runs",
                      kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
