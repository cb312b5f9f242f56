// The vector vocabulary of the float ops: written here for each ISA, so that a vector loop is written once.
//
// F32 is the widest float vector of the ISA that this file is compiled for. A loop over an array takes whole vectors
// and then the first n lanes of one more; memory operations take either as their last argument, `Whole` or n. Lanes
// past n are never touched in memory. Unnamed namespace: every file has its own copy, for its own ISA.
#pragma once

#include <cstdint>
#include <cstring>

#include "intrinsics.hpp"

namespace bitproof::simd {
namespace {

struct Whole {};

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__)

using F32 = __m512;
inline constexpr std::int64_t kLanes = 16;

inline __mmask16 first(std::int64_t n) { return static_cast<__mmask16>((1u << n) - 1); }

inline F32 splat(float x) { return _mm512_set1_ps(x); }

// fill: the lanes past n.
inline F32 load(const float* p, Whole = {}) { return _mm512_loadu_ps(p); }
inline F32 load(const float* p, std::int64_t n, F32 fill) { return _mm512_mask_loadu_ps(fill, first(n), p); }
inline F32 load(const float* p, std::int64_t n) { return _mm512_maskz_loadu_ps(first(n), p); }

inline void store(float* p, F32 x, Whole = {}) { _mm512_storeu_ps(p, x); }
inline void store(float* p, F32 x, std::int64_t n) { _mm512_mask_storeu_ps(p, first(n), x); }

// Integers, converted: exact below 2^24, else rounded to nearest.
inline F32 load(const std::int32_t* p, Whole = {}) { return _mm512_cvtepi32_ps(_mm512_loadu_si512(p)); }
inline F32 load(const std::int32_t* p, std::int64_t n) {
  return _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(first(n), p));
}
inline F32 from_i8(__m128i x) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(x)); }
inline F32 load(const std::int8_t* p, Whole = {}) {
  return from_i8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline F32 load(const std::int8_t* p, std::int64_t n) { return from_i8(_mm_maskz_loadu_epi8(first(n), p)); }

// Binary16, converted: exact.
inline F32 load(const std::uint16_t* p, Whole = {}) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline F32 load(const std::uint16_t* p, std::int64_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(n), p));
}

// Rounded to nearest even, saturated to int8.
inline __m128i to_i8(F32 x) { return _mm512_cvtsepi32_epi8(_mm512_cvtps_epi32(x)); }
inline void store(std::int8_t* p, F32 x, Whole = {}) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), to_i8(x)); }
inline void store(std::int8_t* p, F32 x, std::int64_t n) { _mm_mask_storeu_epi8(p, first(n), to_i8(x)); }

inline F32 zero_past(F32 x, std::int64_t n) { return _mm512_maskz_mov_ps(first(n), x); }

inline F32 fma(F32 a, F32 b, F32 c) { return _mm512_fmadd_ps(a, b, c); }    // a b + c
inline F32 fnma(F32 a, F32 b, F32 c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a b
inline F32 abs(F32 x) { return _mm512_abs_ps(x); }
inline F32 max(F32 a, F32 b) { return _mm512_max_ps(a, b); }  // b where either is NaN, or both are zeros
inline F32 min(F32 a, F32 b) { return _mm512_min_ps(a, b); }
inline F32 round(F32 x) { return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline F32 times_power_of_2(F32 x, F32 n) { return _mm512_scalef_ps(x, n); }  // x 2^n, n integral

inline float sum(F32 x) { return _mm512_reduce_add_ps(x); }
inline __m256 halves_added(F32 x) { return _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps(x, 1)); }
inline float largest(F32 x) { return _mm512_reduce_max_ps(x); }
inline F32 max_of_first(F32 a, F32 b, std::int64_t n) { return _mm512_mask_max_ps(b, first(n), a, b); }
inline std::uint32_t equal_bits(F32 a, F32 b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }  // bit i: lane i

// Adjacent lanes as pairs.
inline F32 twice(__m512 half) {  // (h0, h0, h1, h1, ...)
  return _mm512_permutexvar_ps(_mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7), half);
}
inline F32 load_twice(const float* p, Whole = {}) { return twice(_mm512_castps256_ps512(_mm256_loadu_ps(p))); }
inline F32 swap_pairs(F32 x) { return _mm512_permute_ps(x, 0b10'11'00'01); }
inline F32 negate_even(F32 x) {
  return _mm512_xor_ps(x, _mm512_castsi512_ps(_mm512_set1_epi64(std::int64_t{0x80000000})));
}

#elif defined(__AVX2__) && defined(__FMA__)

using F32 = __m256;
inline constexpr std::int64_t kLanes = 8;

inline __m256i first(std::int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

inline F32 splat(float x) { return _mm256_set1_ps(x); }

// fill: the lanes past n.
inline F32 load(const float* p, Whole = {}) { return _mm256_loadu_ps(p); }
inline F32 load(const float* p, std::int64_t n) { return _mm256_maskload_ps(p, first(n)); }
inline F32 load(const float* p, std::int64_t n, F32 fill) {
  return _mm256_blendv_ps(fill, load(p, n), _mm256_castsi256_ps(first(n)));
}

inline void store(float* p, F32 x, Whole = {}) { _mm256_storeu_ps(p, x); }
inline void store(float* p, F32 x, std::int64_t n) { _mm256_maskstore_ps(p, first(n), x); }

// Integers, converted: exact below 2^24, else rounded to nearest.
inline F32 load(const std::int32_t* p, Whole = {}) {
  return _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline F32 load(const std::int32_t* p, std::int64_t n) {
  return _mm256_cvtepi32_ps(_mm256_maskload_epi32(p, first(n)));
}
inline F32 load(const std::int8_t* p, std::int64_t n) {  // no masked bytes before AVX-512
  std::int64_t bytes = 0;
  std::memcpy(&bytes, p, static_cast<std::size_t>(n));
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(bytes)));
}
inline F32 load(const std::int8_t* p, Whole = {}) { return load(p, kLanes); }

// Binary16, converted: exact.
inline F32 load(const std::uint16_t* p, Whole = {}) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline F32 load(const std::uint16_t* p, std::int64_t n) {
  alignas(16) std::uint16_t halves[kLanes] = {};
  std::memcpy(halves, p, static_cast<std::size_t>(n) * sizeof *p);
  return load(halves);
}

// Rounded to nearest even, saturated to int8.
inline void store(std::int8_t* p, F32 x, std::int64_t n) {
  const __m256i i32 = _mm256_cvtps_epi32(x);
  const __m128i i16 = _mm_packs_epi32(_mm256_castsi256_si128(i32), _mm256_extracti128_si256(i32, 1));
  const std::int64_t bytes = _mm_cvtsi128_si64(_mm_packs_epi16(i16, i16));
  std::memcpy(p, &bytes, static_cast<std::size_t>(n));
}
inline void store(std::int8_t* p, F32 x, Whole = {}) { store(p, x, kLanes); }

inline F32 zero_past(F32 x, std::int64_t n) { return _mm256_and_ps(x, _mm256_castsi256_ps(first(n))); }

inline F32 fma(F32 a, F32 b, F32 c) { return _mm256_fmadd_ps(a, b, c); }    // a b + c
inline F32 fnma(F32 a, F32 b, F32 c) { return _mm256_fnmadd_ps(a, b, c); }  // c - a b
inline F32 abs(F32 x) { return _mm256_andnot_ps(splat(-0.0f), x); }
inline F32 max(F32 a, F32 b) { return _mm256_max_ps(a, b); }  // b where either is NaN, or both are zeros
inline F32 min(F32 a, F32 b) { return _mm256_min_ps(a, b); }
inline F32 round(F32 x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

inline F32 power_of_2(__m256i n) {  // -127 < n < 128
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
// x 2^n, n integral. In two steps, so that both factors are normal numbers for |n| <= 252; only the second can round.
inline F32 times_power_of_2(F32 x, F32 n) {
  const __m256i whole = _mm256_cvtps_epi32(n);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  return x * power_of_2(half) * power_of_2(_mm256_sub_epi32(whole, half));
}

inline float sum(F32 x) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}
inline __m256 halves_added(F32 x) { return x; }
inline F32 max_of_first(F32 a, F32 b, std::int64_t n) {
  return max(_mm256_blendv_ps(b, a, _mm256_castsi256_ps(first(n))), b);
}
inline float largest(F32 x) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_movehdup_ps(m)));
}
inline std::uint32_t equal_bits(F32 a, F32 b) {  // bit i: lane i
  return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ)));
}

// Adjacent lanes as pairs.
inline F32 twice(F32 half) {  // (h0, h0, h1, h1, ...)
  return _mm256_permutevar8x32_ps(half, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3));
}
inline F32 load_twice(const float* p, Whole = {}) { return twice(_mm256_castps128_ps256(_mm_loadu_ps(p))); }
inline F32 swap_pairs(F32 x) { return _mm256_permute_ps(x, 0b10'11'00'01); }
inline F32 negate_even(F32 x) {
  return _mm256_xor_ps(x, _mm256_castsi256_ps(_mm256_set1_epi64x(std::int64_t{0x80000000})));
}

#else
#error "simd.hpp: this file's ISA has no vector vocabulary yet"
#endif

inline F32 zero_past(F32 x, Whole) { return x; }
inline F32 max_of_first(F32 a, F32 b, Whole) { return max(a, b); }                       // b past n, and where a is NaN
inline F32 load_twice(const float* p, std::int64_t n) { return twice(load(p, n / 2)); }  // n even

// step(i, lanes) for each vector of [begin, end): lanes is Whole{}, but in the last call a count if end is no multiple.
template <class Step>
void for_vectors(std::int64_t begin, std::int64_t end, Step step) {
  std::int64_t i = begin;
  for (; i + kLanes <= end; i += kLanes) step(i, Whole{});
  if (i < end) step(i, end - i);
}

// Independent accumulators of a reduction: FMA, add and max take 4 cycles, and 4 chains keep up with loads from L2.
inline constexpr int kChains = 4;

// The lanes of a dot product, yet to be summed; y is of any type that load converts.
template <class T>
F32 dot_lanes(const float* x, const T* y, std::int64_t n) {
  F32 acc[kChains] = {};
  std::int64_t i = 0;
  for (; i + kChains * kLanes <= n; i += kChains * kLanes) {
    for (int c = 0; c < kChains; ++c) acc[c] = fma(load(x + i + c * kLanes), load(y + i + c * kLanes), acc[c]);
  }
  for_vectors(i, n, [&](std::int64_t j, auto lanes) { acc[0] = fma(load(x + j, lanes), load(y + j, lanes), acc[0]); });
  return (acc[0] + acc[1]) + (acc[2] + acc[3]);
}

inline float dot(const float* x, const float* y, std::int64_t n) { return sum(dot_lanes(x, y, n)); }

// (sum(a), sum(b), sum(c), sum(d)), in half the instructions of four.
inline __m128 sum_each(F32 a, F32 b, F32 c, F32 d) {
  const __m256 ab = _mm256_hadd_ps(halves_added(a), halves_added(b));
  const __m256 cd = _mm256_hadd_ps(halves_added(c), halves_added(d));
  const __m256 all = _mm256_hadd_ps(ab, cd);
  return _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1));
}

}  // namespace
}  // namespace bitproof::simd
