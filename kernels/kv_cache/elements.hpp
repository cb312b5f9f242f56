// From floats to what a cache keeps of them; the contract says which bits.
#pragma once

#include <bit>
#include <cstring>
#include <limits>

#include "kv_cache/contract.hpp"

namespace bitproof::kv_cache {
namespace {

// The element type that keeps E, and `keep`, which stores one head row and returns its scale (1 where there is none).
template <Element E>
struct Kept;

template <>
struct Kept<Element::f32> {
  using Type = float;
  static float keep(const float* row, std::int64_t head_dim, float* out) {
    std::memcpy(out, row, static_cast<std::size_t>(head_dim) * sizeof *out);
    return 1;
  }
};

inline float magnitude(float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & 0x7fffffffu); }

// In integers, so that the compiler vectorizes it on every ISA. `kept` rounds to nearest even where 13 bits are
// dropped; below the smallest normal half, adding 0.5, whose own last bit is the unit of subnormal halves, rounds
// likewise.
inline Half to_half(float x) {
  constexpr float kLargest = 65504, kSmallestNormal = 0x1p-14f;
  constexpr std::uint32_t kRebias = 112u << 23;
  const float size = magnitude(x) > kLargest ? kLargest : magnitude(x);  // NaN stays
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(size), sign = std::bit_cast<std::uint32_t>(x) >> 31 << 15;
  const std::uint32_t normal = (bits - kRebias + 0xfffu + (bits >> 13 & 1u)) >> 13;
  const std::uint32_t subnormal = std::bit_cast<std::uint32_t>(size + 0.5f) - std::bit_cast<std::uint32_t>(0.5f);
  const std::uint32_t kept = size != size ? 0x7e00u : size < kSmallestNormal ? subnormal : normal;
  return static_cast<Half>(sign | kept);
}

template <>
struct Kept<Element::f16> {
  using Type = Half;
  static float keep(const float* row, std::int64_t head_dim, Half* out) {
    for (std::int64_t i = 0; i < head_dim; ++i) out[i] = to_half(row[i]);
    return 1;
  }
};

// Positive and finite, rounded up to 16 significant bits.
inline float up_to_16_bits(float x) { return std::bit_cast<float>((std::bit_cast<std::uint32_t>(x) + 0xffu) & ~0xffu); }

template <>
struct Kept<Element::q8> {
  using Type = std::int8_t;
  static float keep(const float* row, std::int64_t head_dim, std::int8_t* __restrict out) {
    // Magnitudes are ordered as their bits are, Inf above all numbers and NaN above Inf.
    std::uint32_t largest = 0;
    for (std::int64_t i = 0; i < head_dim; ++i) {
      const std::uint32_t size = std::bit_cast<std::uint32_t>(magnitude(row[i]));
      largest = size > largest ? size : largest;
    }
    const float absmax = std::bit_cast<float>(largest);
    const bool finite = absmax <= std::numeric_limits<float>::max(), zero = absmax < 0x1p-100f;
    if (!finite || zero) {
      std::memset(out, 0, static_cast<std::size_t>(head_dim));
      return finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
    }
    const float scale = up_to_16_bits(absmax / 127.0f), inverse = 1.0f / scale;
    // Next to 1.5 * 2^23 floats are 1 apart: the addition rounds, and leaves the integer in the low bits.
    for (std::int64_t i = 0; i < head_dim; ++i) {
      out[i] = static_cast<std::int8_t>(std::bit_cast<std::uint32_t>(row[i] * inverse + 0x1.8p23f));
    }
    return scale;
  }
};

}  // namespace
}  // namespace bitproof::kv_cache
