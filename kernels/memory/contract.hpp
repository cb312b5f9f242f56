// Where activations and per-thread scratch live. Used as a stack: the last block allocated is the first released.
// One owner thread.
#pragma once

#include <cstddef>

#include "variant.hpp"

namespace bitproof::memory {

inline constexpr std::size_t kAlignment = 64;

struct Usage {
  std::size_t reserved_bytes;    // address space set aside at create; 0 where there is none
  std::size_t in_use_bytes;      // sum of live blocks, each rounded up to kAlignment; 0 bytes count as kAlignment
  std::size_t high_water_bytes;  // largest in_use_bytes so far
  std::int64_t system_calls;     // blocks asked of the system allocator since create (a pool: 0)
};

struct Kernel {
  VariantInfo info;
  void* (*create)(std::size_t capacity_bytes);  // null when the capacity cannot be reserved
  void (*destroy)(void* self);
  // 64-byte aligned, uninitialised, distinct from every live block (also for 0 bytes); null when exhausted.
  void* (*allocate)(void* self, std::size_t bytes);
  void (*release)(void* self, void* block, std::size_t bytes);  // bytes as asked for
  Usage (*usage)(const void* self);
};

}  // namespace bitproof::memory
