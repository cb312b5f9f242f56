// sum v of an activation, for kernels that store weights with an offset: sum (c - offset) v = sum c v - offset sum v.
//
// Prepared: int32 [batch x chunks], the sums of kSumCols columns each. Chunks, so that several threads can share one
// activation without a second pass; the few partial sums are added where the product is finished.
#pragma once

#include "matmul_blocking.hpp"

namespace bitproof::matmul {
namespace {

constexpr std::int64_t kSumCols = 1024;
constexpr std::int64_t sum_chunks(std::int64_t cols) { return (cols + kSumCols - 1) / kSumCols; }

inline std::size_t activation_sums_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::size_t>(batch * sum_chunks(cols)) * sizeof(std::int32_t);
}

inline void prepare_activation_sums(const Input& in, std::byte* prepared, int part, int parts) {
  const std::int64_t chunks = sum_chunks(in.cols);
  const Range mine = share(in.batch * chunks, part, parts);
  for (std::int64_t i = mine.begin; i < mine.end; ++i) {
    const std::int8_t* x = in.x + i / chunks * in.stride;
    const std::int64_t begin = i % chunks * kSumCols;
    const std::int64_t end = smaller(begin + kSumCols, in.cols);
    std::int32_t sum = 0;
    for (std::int64_t col = begin; col < end; ++col) sum += x[col];
    reinterpret_cast<std::int32_t*>(prepared)[i] = sum;
  }
}

inline std::int32_t activation_sum(const Call& call, std::int64_t batch) {
  const std::int64_t chunks = sum_chunks(call.shape.cols);
  const std::int32_t* partial = reinterpret_cast<const std::int32_t*>(call.prepared) + batch * chunks;
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < chunks; ++i) sum += partial[i];
  return sum;
}

}  // namespace
}  // namespace bitproof::matmul
