// T-MAC by byte shuffles: V::kRows rows a vector, one vpshufb a table half and plane. Needs AVX2; V is the vector.
//
// Exact in bytes: an entry |T| <= 508 is stored as T + 512 < 2^10 in two unsigned halves of 5 bits, so that eight
// look-ups add up inside a byte (8 * 31 = 248). The offset cancels between the planes.
#pragma once

#include <immintrin.h>

#include "ternary_matmul/tmac_planes.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kHalfBits = 5;
constexpr int kOffset = 512;
constexpr int kGroupsPerByteSum = 8;
// No column is in both planes, so a group's |T[plus] - T[minus]| is at most 508 too: 64 * 508 <= 32767.
constexpr int kGroupsPerWordSum = 64;
static_assert(kGroupsPerByteSum * ((1 << kHalfBits) - 1) <= 255 && kGroupsPerWordSum * 508 <= 32767);

// Low halves of the 16 entries, then high halves.
inline void build_table(const std::int8_t* v, std::byte* table) {
  const __m256i entry = _mm256_setr_epi16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m256i sum = _mm256_set1_epi16(kOffset);
  for (int i = 0; i < 4; ++i) {
    const __m256i bit = _mm256_set1_epi16(static_cast<short>(1 << i));
    const __m256i has_bit = _mm256_cmpeq_epi16(_mm256_and_si256(entry, bit), bit);
    sum = _mm256_add_epi16(sum, _mm256_and_si256(has_bit, _mm256_set1_epi16(v[i])));
  }
  const __m256i low = _mm256_and_si256(sum, _mm256_set1_epi16((1 << kHalfBits) - 1));
  const __m256i halves = _mm256_packus_epi16(low, _mm256_srli_epi16(sum, kHalfBits));
  _mm256_store_si256(reinterpret_cast<__m256i*>(table), _mm256_permute4x64_epi64(halves, _MM_SHUFFLE(3, 1, 2, 0)));
}

// Look-ups of one plane summed in bytes.
template <class V>
struct PlaneSums {
  typename V::Reg low = V::zero(), high = V::zero();

  void look_up(typename V::Reg low_table, typename V::Reg high_table, typename V::Reg nibbles) {
    low = V::add8(low, V::shuffle(low_table, nibbles));
    high = V::add8(high, V::shuffle(high_table, nibbles));
  }
};

// int16 sums of V::kRows rows: of each 16-byte lane, word[0] has the first eight rows and word[1] the others.
template <class V>
struct RowSums {
  typename V::Reg word[2] = {V::zero(), V::zero()};

  // plus - minus: interleaved, each pair of bytes is multiplied by (1, -1) and added; high halves also by 2^5.
  // Wraps modulo 2^16 on the way, which the bounded total undoes.
  void add(const PlaneSums<V>& plus, const PlaneSums<V>& minus) {
    const auto low = V::set_pairs(1, -1);
    const auto high = V::set_pairs(1 << kHalfBits, -(1 << kHalfBits));
    word[0] = V::add16(word[0], V::add16(V::multiply_pairs(V::interleave_first(plus.low, minus.low), low),
                                         V::multiply_pairs(V::interleave_first(plus.high, minus.high), high)));
    word[1] = V::add16(word[1], V::add16(V::multiply_pairs(V::interleave_last(plus.low, minus.low), low),
                                         V::multiply_pairs(V::interleave_last(plus.high, minus.high), high)));
  }

  void add_to(std::int32_t* sum) const {
    alignas(64) std::int16_t words[2][V::kRows / 2];
    V::store(words[0], word[0]);
    V::store(words[1], word[1]);
    for (int lane = 0; lane < V::kRows / 16; ++lane) {
      for (int half = 0; half < 2; ++half) {
        // Not `auto*`, which would drop the vector type's licence to alias.
        __m256i* to = reinterpret_cast<__m256i*>(sum + 16 * lane + 8 * half);
        const __m128i from = _mm_load_si128(reinterpret_cast<const __m128i*>(words[half] + 8 * lane));
        *to = _mm256_add_epi32(*to, _mm256_cvtepi16_epi32(from));
      }
    }
  }
};

// The row block of one column block times B activations: each byte is split once.
template <class V, int kLines, int B>
void look_up_rows(const Call& call, std::int64_t row, std::int64_t col, std::int64_t batch) {
  const std::byte* codes = call.packed + block_offset<V::kRows>(call.shape, row, col);
  const std::int64_t groups = block_cols(col, call.shape.cols) / kGroupCols;
  const std::int64_t stride = tables_bytes(call.shape.cols);
  const std::byte* tables = call.prepared + batch * stride + col / kGroupCols * kTableBytes;
  const auto mask = V::set8(15);
  alignas(64) std::int32_t sum[B][V::kRows] = {};
  for (std::int64_t g = 0; g < groups;) {
    RowSums<V> words[B];
    for (const std::int64_t end = matmul::smaller(g + kGroupsPerWordSum, groups); g < end; g += kGroupsPerByteSum) {
      PlaneSums<V> plus[B], minus[B];
      // Unrolled, GCC 12 reassociates the byte sums into trees that do not fit the registers.
#pragma GCC unroll 1
      for (int i = 0; i < kGroupsPerByteSum; ++i, codes += V::kRows, tables += kTableBytes) {
        if (i * V::kRows % 64 == 0) matmul::prefetch_ahead<kLines>(codes);
        const auto both = V::load(codes);
        const auto plus_nibbles = V::bit_and(both, mask);
        const auto minus_nibbles = V::bit_and(V::shift_right_4(both), mask);
        matmul::unroll<B>([&]<int b>() {
          const auto low = V::broadcast16(tables + b * stride);
          const auto high = V::broadcast16(tables + b * stride + 16);
          plus[b].look_up(low, high, plus_nibbles);
          minus[b].look_up(low, high, minus_nibbles);
        });
      }
      matmul::unroll<B>([&]<int b>() { words[b].add(plus[b], minus[b]); });
    }
    matmul::unroll<B>([&]<int b>() { words[b].add_to(sum[b]); });
  }
  const std::int64_t rows = matmul::smaller(V::kRows, call.shape.rows - row);
  for (int b = 0; b < B; ++b) {
    std::int32_t* y = call.y + (batch + b) * call.y_stride + row;
    for (std::int64_t i = 0; i < rows; ++i) y[i] = col == 0 ? sum[b][i] : y[i] + sum[b][i];
  }
}

template <class V, int kLines>
void multiply(const Call& call, Tile tile, std::byte*) {
  for (std::int64_t col = 0; col < call.shape.cols; col += kColBlock) {
    for (std::int64_t row = tile.row0; row < tile.row1; row += V::kRows) {
      matmul::for_batch_blocks<V::kBatchBlock>(tile.batch0, tile.batch1, [&]<int B>(std::int64_t batch) {
        look_up_rows<V, kLines, B>(call, row, col, batch);
      });
    }
  }
}

template <class V, int kLines>
constexpr Kernel tmac_row(const char* row, const char* note) {
  return {.info = {row, note, matmul::with_prefetch<kLines>(techniques(Technique::simd, Technique::tmac))},
          .row_multiple = V::kRows,
          .col_multiple = kColMultiple,
          .packed_bytes = packed_bytes<V::kRows>,
          .pack = pack<V::kRows>,
          .prepared_bytes = prepared_bytes,
          .prepare = prepare_tables<build_table>,
          .scratch_bytes = matmul::no_scratch,
          .multiply = multiply<V, kLines>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
