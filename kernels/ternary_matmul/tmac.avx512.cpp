#include "ternary_matmul/tmac_shuffle.hpp"

namespace bitproof::ternary_matmul {
namespace {

struct Vector {
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

template <int kLines>
constexpr Kernel row(const char* name) {
  return tmac_row<Vector, kLines>(name, "tables of 4 activations by vpshufb, 64 rows interleaved, exact");
}
constexpr Kernel kRows[] = {row<0>(""), row<4>("pf4"), row<8>("pf8"), row<16>("pf16"), row<32>("pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
