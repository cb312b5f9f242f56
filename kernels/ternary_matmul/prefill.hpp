// Prefill (GEMM) by vpdpbusd: codes are unpacked once for up to 64 activations, and meet them 48 rows x 8 activations
// at a time. 24 sums, 3 registers of codes and one broadcast fit the registers; 11 loads feed 24 products, so that the
// products bind, not the loads. 512 columns of codes are 24 KB, and of 8 activations 4 KB: both stay in the L1 cache.
//
// Prepared, behind the sums of matmul_sums.hpp: the activations interleaved as dwords, [blocks of 8 activations x cols
// / 4 x 8].
#pragma once

#include "matmul_streams.hpp"
#include "matmul_sums.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kBatchBlock = 8, kPanelBlocks = 3;  // of activations; of 16 rows
constexpr std::int64_t kBatchAtOnce = 64, kColsAtOnce = 512;
constexpr std::size_t kCodesBytes = 16 * kPanelBlocks * kColsAtOnce;

inline std::int64_t sums_bytes(std::int64_t cols, std::int64_t batch) {
  const auto bytes = static_cast<std::int64_t>(matmul::activation_sums_bytes(cols, batch));
  return batch > 1 ? matmul::round_up(bytes, 64) : bytes;  // what follows begins a cache line
}

// Where columns 4k to 4k + 3 of an activation lie, of `dwords` in all.
constexpr std::int64_t interleaved_offset(std::int64_t batch, std::int64_t k, std::int64_t dwords) {
  return 4 * ((batch / kBatchBlock * dwords + k) * kBatchBlock + batch % kBatchBlock);
}

template <int kColMultiple>
std::size_t prepared_sums_and_batch_bytes(std::int64_t cols, std::int64_t batch) {
  const std::int64_t rows = batch > 1 ? matmul::round_up(batch, kBatchBlock) : 0;
  return static_cast<std::size_t>(sums_bytes(cols, batch) + rows * matmul::round_up(cols, kColMultiple));
}

template <int kColMultiple>
void prepare_sums_and_batch(const Input& in, std::byte* prepared, int part, int parts) {
  matmul::prepare_activation_sums(in, prepared, part, parts);
  if (in.batch == 1) return;
  std::byte* const out = prepared + sums_bytes(in.cols, in.batch);
  const std::int64_t dwords = matmul::round_up(in.cols, kColMultiple) / 4;
  const matmul::Range mine = matmul::share(dwords, part, parts);
  for (std::int64_t b = 0; b < in.batch; ++b) {
    for (std::int64_t k = mine.begin; k < mine.end; ++k) {
      matmul::store_u32(out + interleaved_offset(b, k, dwords), matmul::load_u32(in.x + b * in.stride + 4 * k));
    }
  }
}

inline std::size_t codes_bytes(Shape, std::int64_t batch) { return batch > 1 ? kCodesBytes : 0; }

// Columns that are unpacked at once: R blocks of 16 rows, `steps` times 4 columns, as [steps x R] registers.
template <int R>
struct Panel {
  std::int64_t row, col, steps;
  const std::byte* codes;
};

// Form::unpack(line, codes) makes of 64 bytes the codes of 16 rows x 4 columns, Form::kSteps times.
template <class Form, int R>
void unpack(const std::byte* line, std::int64_t apart, std::int64_t lines, std::byte* codes) {
  for (std::int64_t i = 0; i < lines; ++i, line += 64, codes += Form::kSteps * R * 64) {
    matmul::unroll<R>([&]<int r>() {
      __m512i out[Form::kSteps];
      Form::unpack(line + r * apart, out);
      matmul::unroll<Form::kSteps>([&]<int t>() { _mm512_store_si512(codes + (t * R + r) * 64, out[t]); });
    });
  }
}

// B activations, which lie in one block of them. The first columns start the sums in y, the others add to them.
template <int R, int B>
void multiply_panel(const Call& call, const Panel<R>& panel, const std::byte* x, std::int64_t batch) {
  const std::byte* codes = panel.codes;
  matmul::Int32x16 sum[B][R] = {};
  for (std::int64_t step = 0; step < panel.steps; ++step, codes += R * 64, x += 4 * kBatchBlock) {
    __m512i w[R];
    matmul::unroll<R>([&]<int r>() { w[r] = _mm512_load_si512(codes + r * 64); });
    matmul::unroll<B>([&]<int b>() {
      const __m512i v = _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + 4 * b)));
      matmul::unroll<R>([&]<int r>() { matmul::dot_add(sum[b][r], w[r], v); });
    });
  }
  matmul::unroll<B * R>([&]<int i>() {
    constexpr int b = i / R, r = i % R;
    const std::int64_t row = panel.row + 16 * r;
    const auto rows = static_cast<__mmask16>((1u << matmul::smaller(16, call.shape.rows - row)) - 1);
    std::int32_t* y = call.y + (batch + b) * call.y_stride + row;
    const __m512i before = panel.col == 0 ? _mm512_set1_epi32(-matmul::activation_sum(call, batch + b))
                                          : _mm512_maskz_loadu_epi32(rows, y);
    _mm512_mask_storeu_epi32(y, rows, _mm512_add_epi32(before, reinterpret_cast<__m512i>(sum[b][r])));
  });
}

// R blocks of 16 rows from `row` on, for activations [first, last). line: their packed rows, `apart` bytes a block, in
// which 64 bytes hold Form::kGroupCols columns.
template <class Form, int R>
void multiply_rows(const Call& call, std::int64_t row, std::int64_t first, std::int64_t last, const std::byte* line,
                   std::int64_t apart, std::byte* scratch) {
  constexpr std::int64_t kLines = kColsAtOnce / Form::kGroupCols;
  const std::int64_t lines = matmul::round_up(call.shape.cols, Form::kColMultiple) / Form::kGroupCols;
  const std::int64_t dwords = lines * Form::kSteps;
  const std::byte* x = call.prepared + sums_bytes(call.shape.cols, call.input.batch);
  for (std::int64_t done = 0; done < lines; done += kLines) {
    const std::int64_t now = matmul::smaller(kLines, lines - done);
    unpack<Form, R>(line + done * 64, apart, now, scratch);
    const Panel<R> panel{row, done * Form::kGroupCols, now * Form::kSteps, scratch};
    for (std::int64_t begin = first, end; begin < last; begin = end) {
      end = matmul::smaller(begin / kBatchBlock * kBatchBlock + kBatchBlock, last);
      matmul::for_batch_blocks<kBatchBlock>(begin, end, [&]<int B>(std::int64_t batch) {
        multiply_panel<R, B>(call, panel, x + interleaved_offset(batch, done * Form::kSteps, dwords), batch);
      });
    }
  }
}

// multiply() of a kernel that has Rows for one activation, as for_row_streams wants them, and a Form for several.
template <class Rows, class Form>
void multiply_one_or_batch(const Call& call, Tile tile, std::byte* scratch) {
  if (call.input.batch == 1) return matmul::for_row_streams<Rows>(call, tile);
  const std::int64_t apart = Rows::line_of(call, 16) - Rows::line_of(call, 0);
  for (std::int64_t first = tile.batch0, last; first < tile.batch1; first = last) {
    last = matmul::smaller(first / kBatchBlock * kBatchBlock + kBatchAtOnce, tile.batch1);
    matmul::for_batch_blocks<kPanelBlocks>(tile.row0 / 16, (tile.row1 + 15) / 16, [&]<int R>(std::int64_t block) {
      multiply_rows<Form, R>(call, 16 * block, first, last, Rows::line_of(call, 16 * block), apart, scratch);
    });
  }
}

// A row of a kernel whose decode form is `kernel`.
template <class Rows, class Form>
constexpr Kernel with_prefill(Kernel kernel) {
  kernel.prepared_bytes = prepared_sums_and_batch_bytes<Form::kColMultiple>;
  kernel.prepare = prepare_sums_and_batch<Form::kColMultiple>;
  kernel.scratch_bytes = codes_bytes;
  kernel.multiply = multiply_one_or_batch<Rows, Form>;
  return kernel;
}

}  // namespace
}  // namespace bitproof::ternary_matmul
