// Two-bit codes c = q + 1 of ternary weights q, four to a byte: sum q v = sum c v - sum v.
#pragma once

#include "matmul_blocking.hpp"

namespace bitproof::ternary_matmul {
namespace {

// Sixteen codes: byte j, bits 2s of the dword hold the code of w[s * kStride + j], for s and j in 0..3.
template <int kStride>
std::uint32_t pack_codes(const std::int8_t* w) {
  std::uint32_t word = 0;
  for (int s = 0; s < 4; ++s) {
    // Two's complement modulo 4 is 3, 0, 1: adding one inside a byte cannot carry into the next.
    const std::uint32_t q = matmul::load_u32(w + s * kStride) & 0x03030303u;
    word |= ((q + 0x01010101u) & 0x03030303u) << (2 * s);
  }
  return word;
}

}  // namespace
}  // namespace bitproof::ternary_matmul
