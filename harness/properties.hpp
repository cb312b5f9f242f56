// What the contracts of the ops without arithmetic promise, checked on any kernel of theirs. Each function returns what
// is wrong, in one line, or "". It looks before it writes: a faulty kernel is rejected, not followed into a crash.
#pragma once

#include <string>

#include "kv_cache/contract.hpp"
#include "memory/contract.hpp"
#include "threading/contract.hpp"

namespace bitproof {

// Reserves 512 MB, and fails if that makes more than a few MB resident.
std::string memory_fault(const memory::Kernel& kernel);

std::string threading_fault(const threading::Kernel& kernel, int threads);

// What claims the technique threading, and is given work for all of its threads, runs on more than one.
std::string engagement_fault(const threading::Kernel& kernel, int threads);

// For a small shape: fills each layer and sequence to more than twice the capacity, where the kernel allows it,
// and reads everything visible after each append. Cost: layers * sequences * kv_heads * head_dim * capacity^2.
std::string kv_cache_fault(const kv_cache::Kernel& kernel, kv_cache::Shape shape);

}  // namespace bitproof
