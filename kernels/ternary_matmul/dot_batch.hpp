// Prefill: a line of packed weights is unpacked once and meets up to 16 activations (GEMM), by vpdpbusd.
//
// Prepared, behind the sums of matmul_sums.hpp: the activations interleaved as dwords [cols / 4 x batch]. Rows of 4096
// bytes would fall into one set of the L1 cache; interleaved, 16 activations are one line.
#pragma once

#include "matmul_rows.hpp"
#include "matmul_sums.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr int kBatchBlock = 16;

inline std::int64_t sums_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::int64_t>(matmul::activation_sums_bytes(cols, batch));
}

template <int kColMultiple>
std::size_t prepared_sums_and_batch_bytes(std::int64_t cols, std::int64_t batch) {
  const std::int64_t interleaved = batch > 1 ? batch * matmul::round_up(cols, kColMultiple) : 0;
  return static_cast<std::size_t>(sums_bytes(cols, batch) + interleaved);
}

template <int kColMultiple>
void prepare_sums_and_batch(const Input& in, std::byte* prepared, int part, int parts) {
  matmul::prepare_activation_sums(in, prepared, part, parts);
  if (in.batch == 1) return;
  constexpr std::int64_t kLineDwords = 16;
  std::byte* const out = prepared + sums_bytes(in.cols, in.batch);
  const std::int64_t dwords = matmul::round_up(in.cols, kColMultiple) / 4;
  const matmul::Range lines = matmul::share((dwords + kLineDwords - 1) / kLineDwords, part, parts);
  for (std::int64_t line = lines.begin; line < lines.end; ++line) {
    const std::int64_t end = matmul::smaller((line + 1) * kLineDwords, dwords);
    for (std::int64_t b = 0; b < in.batch; ++b) {
      for (std::int64_t k = line * kLineDwords; k < end; ++k) {
        matmul::store_u32(out + (k * in.batch + b) * 4, matmul::load_u32(in.x + b * in.stride + 4 * k));
      }
    }
  }
}

// 16 rows of B activations from `line` on. Form::unpack(line, codes) makes of 64 bytes the codes of 16 rows x 4
// columns, Form::kSteps times.
template <class Form, int B>
void multiply_batch(const Call& call, std::int64_t row, std::int64_t batch, const std::byte* line,
                    const std::byte* end) {
  const std::byte* x = call.prepared + sums_bytes(call.shape.cols, call.input.batch) + 4 * batch;
  matmul::Int32x16 sum[B] = {};
  for (; line != end; line += 64) {
    __m512i codes[Form::kSteps];
    Form::unpack(line, codes);
    matmul::unroll<Form::kSteps>([&]<int t>() {
      matmul::unroll<B>([&]<int b>() {
        matmul::dot_add(sum[b], codes[t], _mm512_set1_epi32(static_cast<int>(matmul::load_u32(x + 4 * b))));
      });
      x += 4 * call.input.batch;
    });
  }
  matmul::unroll<B>([&]<int b>() {
    const matmul::Int32x16 y = sum[b] - matmul::activation_sum(call, batch + b);
    matmul::store_rows(call, row, batch + b, reinterpret_cast<__m512i>(y));
  });
}

}  // namespace
}  // namespace bitproof::ternary_matmul
