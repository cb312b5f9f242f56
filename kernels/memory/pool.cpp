#include <cstdlib>

#include "memory/block.hpp"
#include "memory/contract.hpp"

namespace bitproof::memory {
namespace {

// Stands at the head of the arena it describes; blocks follow. Linux commits a page when it is first touched, so memory
// is spent up to the high-water mark only, whatever the capacity.
struct alignas(kAlignment) Pool {
  std::size_t capacity, top, high_water;

  std::byte* blocks() { return reinterpret_cast<std::byte*>(this + 1); }
};

void* create(std::size_t capacity_bytes) {
  const std::size_t capacity = block_bytes(capacity_bytes);
  const std::size_t arena = capacity ? block_bytes(sizeof(Pool) + capacity) : 0;
  void* self = arena ? std::aligned_alloc(kAlignment, arena) : nullptr;
  if (self) *static_cast<Pool*>(self) = {capacity, 0, 0};
  return self;
}

void destroy(void* self) { std::free(self); }

void* allocate(void* self, std::size_t bytes) {
  Pool& pool = *static_cast<Pool*>(self);
  const std::size_t size = block_bytes(bytes);
  if (size == 0 || size > pool.capacity - pool.top) return nullptr;
  void* block = pool.blocks() + pool.top;
  pool.top += size;
  if (pool.high_water < pool.top) pool.high_water = pool.top;
  return block;
}

void release(void* self, void*, std::size_t bytes) { static_cast<Pool*>(self)->top -= block_bytes(bytes); }

Usage usage(const void* self) {
  const Pool& pool = *static_cast<const Pool*>(self);
  return {pool.capacity, pool.top, pool.high_water, 0};
}

constexpr Kernel kRows[] = {{{"", "one arena, a bump pointer used as a stack", techniques(Technique::memory_pool)},
                             create,
                             destroy,
                             allocate,
                             release,
                             usage}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
