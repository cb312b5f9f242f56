// What SIMD products of interleaved rows share: the end of a block of rows, and a dot product.
#pragma once

#include "intrinsics.hpp"
#include "matmul_blocking.hpp"

namespace bitproof::matmul {
namespace {

// The results of one activation for the rows from `row` on, without those past the matrix.
#ifdef __AVX2__
inline void store_rows(const Call& call, std::int64_t row, std::int64_t batch, __m256i y) {
  alignas(32) std::int32_t out[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(out), y);
  const std::int64_t rows = smaller(8, call.shape.rows - row);
  std::memcpy(call.y + batch * call.y_stride + row, out, static_cast<std::size_t>(rows) * sizeof *out);
}
#endif

#ifdef __AVX512F__
inline void store_rows(const Call& call, std::int64_t row, std::int64_t batch, __m512i y) {
  const auto stored = static_cast<__mmask16>((1u << smaller(16, call.shape.rows - row)) - 1);
  _mm512_mask_storeu_epi32(call.y + batch * call.y_stride + row, stored, y);
}
#endif

#ifdef __AVX512VNNI__
// __m512i in GCC's eyes has 64-bit lanes; accumulators held so are copied twice around every vpdpbusd (GCC 12).
using Int32x16 [[gnu::vector_size(64)]] = std::int32_t;

inline void dot_add(Int32x16& sum, __m512i unsigned_bytes, __m512i bytes) {
  sum = reinterpret_cast<Int32x16>(_mm512_dpbusd_epi32(reinterpret_cast<__m512i>(sum), unsigned_bytes, bytes));
}
#endif

}  // namespace
}  // namespace bitproof::matmul
