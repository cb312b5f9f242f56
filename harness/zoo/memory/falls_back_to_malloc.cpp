#include "zoo/memory/plain_pool.hpp"

namespace bitproof::memory {
namespace {

constexpr std::size_t kArena = 4096;

struct Fallback {
  Pool* arena;
  std::size_t capacity, in_use, high_water;
};

void* create_fallback(std::size_t capacity) {
  auto* self = static_cast<Fallback*>(std::malloc(sizeof(Fallback)));
  *self = {static_cast<Pool*>(create(kArena)), block_bytes(capacity), 0, 0};
  return self;
}

void destroy_fallback(void* self) {
  destroy(static_cast<Fallback*>(self)->arena);
  std::free(self);
}

void* allocate_anywhere(void* self, std::size_t bytes) {
  auto& f = *static_cast<Fallback*>(self);
  const std::size_t size = block_bytes(bytes);
  if (size == 0 || size > f.capacity - f.in_use) return nullptr;
  void* block = take(*f.arena, size);
  if (!block) block = std::aligned_alloc(kAlignment, size);
  f.in_use += size;
  if (f.high_water < f.in_use) f.high_water = f.in_use;
  return block;
}

void release_anywhere(void* self, void* block, std::size_t bytes) {
  auto& f = *static_cast<Fallback*>(self);
  f.in_use -= block_bytes(bytes);
  auto* at = static_cast<std::byte*>(block);
  if (at >= f.arena->blocks() && at < f.arena->blocks() + kArena) {
    release(f.arena, block, bytes);
  } else {
    std::free(block);
  }
}

Usage usage_without_malloc(const void* self) {
  const auto& f = *static_cast<const Fallback*>(self);
  return {f.capacity, f.in_use, f.high_water, 0};
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  Kernel k = pool(info);
  k.create = kFault ? create_fallback : create;
  k.destroy = kFault ? destroy_fallback : destroy;
  k.allocate = kFault ? allocate_anywhere : allocate;
  k.release = kFault ? release_anywhere : release;
  k.usage = kFault ? usage_without_malloc : usage;
  return k;
}

constexpr Kernel kRows[] = {
    row<true>(
        planted("a pool whose arena is small: past it every block is a silent malloc, and it counts none", kPool)),
    row<false>(clean(kPool))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
