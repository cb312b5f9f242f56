// Five trits a byte, decoded by byte permutes: the byte is laid out for vpermb, which looks at its low six bits.
//
// Of 81 combinations of the first four codes, 64 stand in the low bits, with the fifth code, 0 to 2, in the upper two.
// The other 17 share the upper bits 3 with all three fifth codes: 51 of the 64 low values. One permute decodes four
// codes into the 2-bit fields that vpdpbusd takes masked but not shifted (direct.avx512vnni.cpp); where the upper bits
// are 3, a second table is merged in, and a third for the fifth code.
#include "ternary_matmul/base3.hpp"

#include <array>

#include "ternary_matmul/prefill.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kDirect = 64;  // combinations of four codes that keep the fifth in the upper bits
constexpr int kCombinations = 81;
constexpr int kUpper = 3 << 6;

// An accumulator of fourth and fifth codes, weighed 4^3, sees two fifths of the columns.
static_assert(2 * 64 * 127 * (matmul::kMaxCols / 5 * 2) <= INT32_MAX);

std::uint8_t encode(const std::int8_t* c) {
  const int four = c[0] + 3 * c[4] + 9 * c[8] + 27 * c[12], fifth = c[16];
  const int byte = four < kDirect ? fifth << 6 | four : kUpper | ((four - kDirect) * 3 + fifth);
  return static_cast<std::uint8_t>(byte);
}

// Four codes of a combination in the fields of a byte.
constexpr std::uint8_t fields(int four) {
  return static_cast<std::uint8_t>(four % 3 | four / 3 % 3 << 2 | four / 9 % 3 << 4 | four / 27 << 6);
}

struct alignas(64) Decoding {
  std::array<std::uint8_t, 64> direct{}, shared{}, shared_fifth{};
};

constexpr Decoding kDecoding = [] {
  Decoding d;
  for (int i = 0; i < 64; ++i) {
    const auto at = static_cast<std::size_t>(i);
    d.direct[at] = fields(i);
    d.shared[at] = fields(kDirect + i / 3 < kCombinations ? kDirect + i / 3 : 0);
    d.shared_fifth[at] = static_cast<std::uint8_t>(i % 3 << 6);
  }
  return d;
}();

struct Codes {
  __m512i four, fifth;  // fields at bits 0, 2, 4, 6; a field at bit 6
};

inline Codes decode(__m512i bytes) {
  const __m512i upper = _mm512_set1_epi8(static_cast<char>(kUpper));
  const __mmask64 shared = _mm512_cmpge_epu8_mask(bytes, upper);
  const auto table = [](const std::array<std::uint8_t, 64>& t) { return _mm512_load_si512(t.data()); };
  return {_mm512_mask_permutexvar_epi8(_mm512_permutexvar_epi8(bytes, table(kDecoding.direct)), shared, bytes,
                                       table(kDecoding.shared)),
          _mm512_mask_permutexvar_epi8(_mm512_and_si512(bytes, upper), shared, bytes, table(kDecoding.shared_fifth))};
}

inline __m512i broadcast(std::uint32_t v) { return _mm512_set1_epi32(static_cast<int>(v)); }

constexpr std::uint32_t kFields = 0x03030303u;  // the field at the bottom of each byte

// Accumulators of one activation by the field that the codes stand in.
struct Sums {
  matmul::Int32x16 at[4] = {};

  void add_group(const std::byte* line, const std::int8_t* x) {
    const Codes codes = decode(_mm512_load_si512(line));
    matmul::unroll<4>([&]<int f>() {
      const __m512i code = _mm512_and_si512(codes.four, broadcast(kFields << 2 * f));
      matmul::dot_add(at[f], code, broadcast(matmul::load_u32(x + 4 * f)));
    });
    matmul::dot_add(at[3], codes.fifth, broadcast(matmul::load_u32(x + 16)));
  }

  matmul::Int32x16 total() const { return at[0] + (at[1] >> 2) + (at[2] >> 4) + (at[3] >> 6); }
};

// What a batch shares is unpacked in full: one accumulator an activation.
struct Form {
  static constexpr int kGroupCols = ternary_matmul::kGroupCols, kColMultiple = kGroupCols, kSteps = kTrits;

  static void unpack(const std::byte* line, __m512i (&out)[kSteps]) {
    const Codes codes = decode(_mm512_load_si512(line));
    matmul::unroll<4>(
        [&]<int f>() { out[f] = _mm512_and_si512(_mm512_srli_epi16(codes.four, 2 * f), broadcast(kFields)); });
    out[4] = _mm512_srli_epi16(codes.fifth, 6);
  }
};

template <int kLinesAhead, int kStreamsWanted>
struct Rows {
  static constexpr int kRowBlock = ternary_matmul::kRowBlock, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 1;

  static const std::byte* line_of(const Call& call, std::int64_t row) {
    return call.packed + row / kRowBlock * block_bytes(call.shape.cols);
  }

  template <int, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t apart = gap / kRowBlock * block_bytes(call.shape.cols);
    const std::byte* line = line_of(call, row);
    const std::byte* end = line + block_bytes(call.shape.cols);
    const std::int8_t* x = call.input.x + batch * call.input.stride;
    Sums sums[S];
    for (; line != end; line += kLineBytes, x += kGroupCols) {
      matmul::unroll<S>([&]<int s>() {
        matmul::prefetch_ahead<kLines>(line + s * apart);
        sums[s].add_group(line + s * apart, x);
      });
    }
    matmul::unroll<S>([&]<int s>() {
      const matmul::Int32x16 y = sums[s].total() - matmul::activation_sum(call, batch);
      matmul::store_rows(call, row + s * gap, batch, reinterpret_cast<__m512i>(y));
    });
  }
};

template <int kStreams, int kLines = 0>
constexpr Kernel row(const char* name) {
  using Decode = Rows<kLines, kStreams>;
  return with_prefill<Decode, Form>(
      base3_row<Decode, encode>(name, "5 trits a byte (1.6 bits a weight), decoded by vpermb, vpdpbusd"));
}
constexpr Kernel kRows[] = {row<4>(""),       row<1>("s1"),       row<2>("s2"),       row<4, 4>("pf4"),
                            row<4, 8>("pf8"), row<4, 16>("pf16"), row<4, 32>("pf32"), row<1, 32>("s1_pf32")};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
