// A 64-bit fingerprint of bytes at the speed of memory. Every step is a bijection of the word it takes in, so a change
// within one word always shows, and any other but for one time in 2^64.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "rng.hpp"

namespace bitproof {

inline std::uint64_t fingerprint(std::span<const std::byte> bytes) {
  constexpr std::size_t kLanes = 4, kWord = 8;
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15u;
  std::uint64_t lane[kLanes] = {1, 2, 3, 4};
  const auto take = [&](std::size_t l, const std::byte* p, std::size_t n) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, n);
    lane[l] = (lane[l] ^ word) * kOdd;
    lane[l] ^= lane[l] >> 32;
  };
  std::size_t i = 0;
  for (; i + kLanes * kWord <= bytes.size(); i += kLanes * kWord) {
    for (std::size_t l = 0; l < kLanes; ++l) take(l, &bytes[i + l * kWord], kWord);
  }
  for (std::size_t l = 0; i < bytes.size(); i += kWord, ++l) take(l, &bytes[i], std::min(kWord, bytes.size() - i));
  return stream_seed(bytes.size(), lane[0], lane[1], lane[2], lane[3]);
}

}  // namespace bitproof
