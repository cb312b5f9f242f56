// How often this process asks the system for memory, counted by standing in the allocator's place: malloc and its kin,
// operator new through them, and mmap, from any thread and any library. What a memory variant says of itself is not
// evidence; this is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bitproof {

// Blocks asked for since the process began: malloc, calloc, realloc, aligned_alloc, memalign, posix_memalign and mmap.
// No value where the count is not in force: never 0 in its place. A count costs an atomic addition.
std::optional<std::int64_t> allocations();

// "" when counted, else why not. Found out once, by allocations of every kind, each of which must be counted.
const std::string& allocations_why();

}  // namespace bitproof
