#include <cstdlib>

#include "memory/arena.hpp"

namespace bitproof::memory {
namespace {

// Linux commits a page when it is first touched, so memory is spent up to the high-water mark only, whatever the
// capacity.
void* create(std::size_t capacity_bytes) {
  const std::size_t arena = arena_bytes(capacity_bytes);
  void* self = arena ? std::aligned_alloc(kAlignment, arena) : nullptr;
  if (self) *static_cast<Pool*>(self) = {block_bytes(capacity_bytes), 0, 0};
  return self;
}

void destroy(void* self) { std::free(self); }

constexpr Kernel kRows[] = {{{"", "one arena, a bump pointer used as a stack", techniques(Technique::memory_pool)},
                             create,
                             destroy,
                             allocate,
                             release,
                             usage}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
