// A pool as kernels/memory/pool.cpp describes it, to plant faults in: each overrides one function.
#pragma once

#include <cstdlib>

#include "memory/block.hpp"
#include "memory/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::memory {
namespace {

struct alignas(kAlignment) Pool {
  std::size_t capacity, top, high_water;

  std::byte* blocks() { return reinterpret_cast<std::byte*>(this + 1); }
};

inline void* create(std::size_t capacity_bytes) {
  const std::size_t capacity = block_bytes(capacity_bytes);
  const std::size_t arena = capacity ? block_bytes(sizeof(Pool) + capacity) : 0;
  void* self = arena ? std::aligned_alloc(kAlignment, arena) : nullptr;
  if (self) *static_cast<Pool*>(self) = {capacity, 0, 0};
  return self;
}

inline void destroy(void* self) { std::free(self); }

inline void* take(Pool& pool, std::size_t size) {
  if (size == 0 || size > pool.capacity - pool.top) return nullptr;
  void* block = pool.blocks() + pool.top;
  pool.top += size;
  if (pool.high_water < pool.top) pool.high_water = pool.top;
  return block;
}
inline void* allocate(void* self, std::size_t bytes) { return take(*static_cast<Pool*>(self), block_bytes(bytes)); }

inline void release(void* self, void*, std::size_t bytes) { static_cast<Pool*>(self)->top -= block_bytes(bytes); }

inline Usage usage(const void* self) {
  const Pool& pool = *static_cast<const Pool*>(self);
  return {pool.capacity, pool.top, pool.high_water, 0};
}

constexpr Kernel pool(VariantInfo info) { return {info, create, destroy, allocate, release, usage}; }

constexpr Techniques kPool = techniques(Technique::memory_pool);

}  // namespace
}  // namespace bitproof::memory
