// What a block of a given size occupies.
#pragma once

#include <cstddef>
#include <cstdint>

#include "memory/contract.hpp"

namespace bitproof::memory {
namespace {

// Whole units of kAlignment, at least one: a block of 0 bytes has an address of its own too. 0 if no object can be
// that large, so that the sum cannot wrap round to a small size.
constexpr std::size_t block_bytes(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(PTRDIFF_MAX) - kAlignment) return 0;
  return bytes ? (bytes + kAlignment - 1) / kAlignment * kAlignment : kAlignment;
}

}  // namespace
}  // namespace bitproof::memory
