// 2-bit codes without dot-product instructions: vpmaddubsw multiplies codes with broadcast activations and adds pairs,
// and a row's sums stay in its own dword, so there is no horizontal add. V is the vector.
#pragma once

#include "matmul_streams.hpp"
#include "ternary_matmul/interleaved.hpp"

namespace bitproof::ternary_matmul {
namespace {

// A group adds four pairs c v + c' v' to an int16, at most 4 * 2 * 2 * 127 = 2032: 16 groups are 32512.
constexpr int kFlushCols = 16 * kGroupCols;
static_assert(kFlushCols % kColMultiple == 0);

// The int16 sums of one group of 16 columns.
template <class V>
typename V::Reg group_product(const typename V::Reg (&codes)[4], const std::int8_t* x) {
  typename V::Reg product[4];
  matmul::unroll<4>(
      [&]<int t>() { product[t] = V::multiply_pairs(codes[t], V::broadcast(matmul::load_u32(x + 4 * t))); });
  return V::add16(V::add16(product[0], product[1]), V::add16(product[2], product[3]));
}

template <class V, int kLinesAhead, int kStreamsWanted>
struct PairRows {
  static constexpr int kRowBlock = V::kRows, kStreams = kStreamsWanted, kLines = kLinesAhead;
  static constexpr int kBatchBlock = 4;
  static constexpr int kGroupBytes = 4 * V::kRows;
  static constexpr int kGroupsPerLine = 64 / kGroupBytes;

  template <int B, int S>
  static void multiply(const Call& call, std::int64_t row, std::int64_t gap, std::int64_t batch) {
    const std::int64_t cols = matmul::round_up(call.shape.cols, kColMultiple);
    const std::int64_t stride = call.input.stride;
    const std::int64_t apart = block_offset(gap, cols);
    const std::int8_t* x = call.input.x + batch * stride;
    const std::byte* line = call.packed + block_offset(row, cols);
    const auto mask = V::broadcast(0x03030303u);
    typename V::Reg sum[S][B] = {};
    for (std::int64_t col = 0; col < cols;) {
      typename V::Reg sum16[S][B] = {};
      for (const std::int64_t flush = matmul::smaller(col + kFlushCols, cols); col < flush;
           col += kGroupsPerLine * kGroupCols, line += 64) {
        matmul::unroll<S>([&]<int s>() {
          matmul::prefetch_ahead<kLines>(line + s * apart);
          matmul::unroll<kGroupsPerLine>([&]<int g>() {
            const auto packed = V::load(line + s * apart + g * kGroupBytes);
            typename V::Reg codes[4];
            matmul::unroll<4>([&]<int t>() { codes[t] = V::bit_and(V::template shift_right<2 * t>(packed), mask); });
            matmul::unroll<B>([&]<int b>() {
              sum16[s][b] = V::add16(sum16[s][b], group_product<V>(codes, x + b * stride + col + g * kGroupCols));
            });
          });
        });
      }
      matmul::unroll<S>([&]<int s>() {
        matmul::unroll<B>([&]<int b>() { sum[s][b] = V::add32(sum[s][b], V::add_pairs(sum16[s][b])); });
      });
    }
    matmul::unroll<S>([&]<int s>() {
      matmul::unroll<B>([&]<int b>() {
        const auto offset = V::broadcast(static_cast<std::uint32_t>(matmul::activation_sum(call, batch + b)));
        matmul::store_rows(call, row + s * gap, batch + b, V::subtract32(sum[s][b], offset));
      });
    });
  }
};

}  // namespace
}  // namespace bitproof::ternary_matmul
