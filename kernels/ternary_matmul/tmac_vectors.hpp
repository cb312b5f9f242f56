// The vectors of the look-ups by vpshufb: as many rows as a register has bytes.
#pragma once

#include "intrinsics.hpp"

namespace bitproof::ternary_matmul {
namespace {

struct Vector256 {
  using Reg = __m256i;
  static constexpr int kRows = 32;
  static constexpr int kBatchBlock = 2;  // eight byte sums of the 16 registers
  static Reg zero() { return _mm256_setzero_si256(); }
  static Reg set8(int v) { return _mm256_set1_epi8(static_cast<char>(v)); }
  static Reg set_pairs(int first, int second) {
    return _mm256_set1_epi16(static_cast<short>((first & 0xFF) | second * 256));
  }
  static Reg load(const std::byte* p) { return _mm256_load_si256(reinterpret_cast<const Reg*>(p)); }
  static Reg broadcast16(const std::byte* p) {
    return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static void store(std::int16_t* p, Reg v) { _mm256_store_si256(reinterpret_cast<Reg*>(p), v); }
  static Reg bit_and(Reg a, Reg b) { return _mm256_and_si256(a, b); }
  static Reg shift_right_4(Reg a) { return _mm256_srli_epi16(a, 4); }
  static Reg shuffle(Reg table, Reg index) { return _mm256_shuffle_epi8(table, index); }
  static Reg add8(Reg a, Reg b) { return _mm256_add_epi8(a, b); }
  static Reg add16(Reg a, Reg b) { return _mm256_add_epi16(a, b); }
  static Reg interleave_first(Reg a, Reg b) { return _mm256_unpacklo_epi8(a, b); }
  static Reg interleave_last(Reg a, Reg b) { return _mm256_unpackhi_epi8(a, b); }
  static Reg multiply_pairs(Reg unsigned_bytes, Reg bytes) { return _mm256_maddubs_epi16(unsigned_bytes, bytes); }
};

#ifdef __AVX512BW__
struct Vector512 {
  using Reg = __m512i;
  static constexpr int kRows = 64;
  static constexpr int kBatchBlock = 4;  // sixteen byte sums of the 32 registers
  static Reg zero() { return _mm512_setzero_si512(); }
  static Reg set8(int v) { return _mm512_set1_epi8(static_cast<char>(v)); }
  static Reg set_pairs(int first, int second) {
    return _mm512_set1_epi16(static_cast<short>((first & 0xFF) | second * 256));
  }
  static Reg load(const std::byte* p) { return _mm512_load_si512(p); }
  static Reg broadcast16(const std::byte* p) {
    // The maskz form: GCC 12 warns of an uninitialized operand inside its own _mm512_broadcast_i32x4.
    return _mm512_maskz_broadcast_i32x4(0xFFFF, _mm_load_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static void store(std::int16_t* p, Reg v) { _mm512_store_si512(p, v); }
  static Reg bit_and(Reg a, Reg b) { return _mm512_and_si512(a, b); }
  static Reg shift_right_4(Reg a) { return _mm512_srli_epi16(a, 4); }
  static Reg shuffle(Reg table, Reg index) { return _mm512_shuffle_epi8(table, index); }
  static Reg add8(Reg a, Reg b) { return _mm512_add_epi8(a, b); }
  static Reg add16(Reg a, Reg b) { return _mm512_add_epi16(a, b); }
  static Reg interleave_first(Reg a, Reg b) { return _mm512_unpacklo_epi8(a, b); }
  static Reg interleave_last(Reg a, Reg b) { return _mm512_unpackhi_epi8(a, b); }
  static Reg multiply_pairs(Reg unsigned_bytes, Reg bytes) { return _mm512_maddubs_epi16(unsigned_bytes, bytes); }
};
#endif

}  // namespace
}  // namespace bitproof::ternary_matmul
