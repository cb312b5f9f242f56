// A bump pointer used as a stack, at the head of the arena that it describes; blocks follow.
#pragma once

#include "memory/block.hpp"

namespace bitproof::memory {
namespace {

struct alignas(kAlignment) Pool {
  std::size_t capacity, top, high_water;

  std::byte* blocks() { return reinterpret_cast<std::byte*>(this + 1); }
};

// Of an arena for so many bytes in blocks; 0 if no object can be that large.
constexpr std::size_t arena_bytes(std::size_t capacity_bytes) {
  const std::size_t capacity = block_bytes(capacity_bytes);
  return capacity ? block_bytes(sizeof(Pool) + capacity) : 0;
}

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

}  // namespace
}  // namespace bitproof::memory
