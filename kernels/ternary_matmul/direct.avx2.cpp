#include "ternary_matmul/pairs.hpp"

namespace bitproof::ternary_matmul {
namespace {

struct Vector {
  using Reg = __m256i;
  static constexpr int kRows = 8;
  static Reg load(const std::byte* p) { return _mm256_load_si256(reinterpret_cast<const Reg*>(p)); }
  static Reg broadcast(std::uint32_t v) { return _mm256_set1_epi32(static_cast<int>(v)); }
  static Reg bit_and(Reg a, Reg b) { return _mm256_and_si256(a, b); }
  template <int kBits>
  static Reg shift_right(Reg a) {
    return _mm256_srli_epi16(a, kBits);
  }
  static Reg multiply_pairs(Reg unsigned_bytes, Reg bytes) { return _mm256_maddubs_epi16(unsigned_bytes, bytes); }
  static Reg add_pairs(Reg words) { return _mm256_madd_epi16(words, _mm256_set1_epi16(1)); }
  static Reg add16(Reg a, Reg b) { return _mm256_add_epi16(a, b); }
  static Reg add32(Reg a, Reg b) { return _mm256_add_epi32(a, b); }
  static Reg subtract32(Reg a, Reg b) { return _mm256_sub_epi32(a, b); }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  return interleaved_row<PairRows<Vector, kLines, kStreams>>(name, "2-bit codes, 8 rows interleaved, vpmaddubsw");
}
constexpr Kernel kRows[] = {row<4>(""),       row<1>("s1"),       row<2>("s2"),       row<4, 4>("pf4"),
                            row<4, 8>("pf8"), row<4, 16>("pf16"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
