#include <cstdlib>

#include "memory/block.hpp"
#include "memory/contract.hpp"

namespace bitproof::memory {
namespace {

void* create(std::size_t) { return std::calloc(1, sizeof(Usage)); }

void destroy(void* self) { std::free(self); }

void* allocate(void* self, std::size_t bytes) {
  const std::size_t size = block_bytes(bytes);
  void* block = size ? std::aligned_alloc(kAlignment, size) : nullptr;
  if (!block) return nullptr;
  Usage& usage = *static_cast<Usage*>(self);
  ++usage.system_calls;
  usage.in_use_bytes += size;
  if (usage.high_water_bytes < usage.in_use_bytes) usage.high_water_bytes = usage.in_use_bytes;
  return block;
}

void release(void* self, void* block, std::size_t bytes) {
  std::free(block);
  static_cast<Usage*>(self)->in_use_bytes -= block_bytes(bytes);
}

Usage usage(const void* self) { return *static_cast<const Usage*>(self); }

constexpr Kernel kRows[] = {
    {{"", "a fresh aligned_alloc and free for every block", techniques()}, create, destroy, allocate, release, usage}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
