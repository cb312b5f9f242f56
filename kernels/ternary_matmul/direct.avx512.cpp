#include "ternary_matmul/pairs.hpp"

namespace bitproof::ternary_matmul {
namespace {

struct Vector {
  using Reg = __m512i;
  static constexpr int kRows = 16;
  static Reg load(const std::byte* p) { return _mm512_load_si512(p); }
  static Reg broadcast(std::uint32_t v) { return _mm512_set1_epi32(static_cast<int>(v)); }
  static Reg bit_and(Reg a, Reg b) { return _mm512_and_si512(a, b); }
  template <int kBits>
  static Reg shift_right(Reg a) {
    return _mm512_srli_epi16(a, kBits);
  }
  static Reg multiply_pairs(Reg unsigned_bytes, Reg bytes) { return _mm512_maddubs_epi16(unsigned_bytes, bytes); }
  static Reg add_pairs(Reg words) { return _mm512_madd_epi16(words, _mm512_set1_epi16(1)); }
  static Reg add16(Reg a, Reg b) { return _mm512_add_epi16(a, b); }
  static Reg add32(Reg a, Reg b) { return _mm512_add_epi32(a, b); }
  static Reg subtract32(Reg a, Reg b) { return _mm512_sub_epi32(a, b); }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return interleaved_row<PairRows<Vector, kLines, kStreams>>(name, "2-bit codes, 16 rows interleaved, vpmaddubsw");
}
constexpr Kernel kRows[] = {row<4>(""),       row<1>("s1"),       row<2>("s2"),       row<4, 4>("pf4"),
                            row<4, 8>("pf8"), row<4, 16>("pf16"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
