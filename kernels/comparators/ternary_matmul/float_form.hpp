// A float matrix behind the contract: [rows x cols] floats, 26 GB for the 7B model, so for benchmarks only.
#pragma once

#include "comparators/float_product.hpp"
#include "ternary_matmul/contract.hpp"

namespace bitproof::ternary_matmul {
namespace {

std::size_t packed_bytes(Shape shape) { return static_cast<std::size_t>(shape.rows * shape.cols) * sizeof(float); }

void pack(Shape shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  float* out = reinterpret_cast<float*>(packed) + row0 * shape.cols;
  for (std::int64_t i = 0; i < (row1 - row0) * shape.cols; ++i) out[i] = static_cast<float>(w[i]);
}

// The activation as floats.
std::size_t prepared_bytes(std::int64_t cols, std::int64_t batch) {
  return static_cast<std::size_t>(cols * batch) * sizeof(float);
}

void prepare(const Input& in, std::byte* prepared, int part, int parts) {
  float* out = reinterpret_cast<float*>(prepared);
  for (std::int64_t b = 0; b < in.batch; ++b) {
    for (std::int64_t i = in.cols * part / parts; i < in.cols * (part + 1) / parts; ++i) {
      out[b * in.cols + i] = static_cast<float>(in.x[b * in.stride + i]);
    }
  }
}

// The product in float.
std::size_t scratch_bytes(Shape shape, std::int64_t batch) {
  return static_cast<std::size_t>(shape.rows * batch) * sizeof(float);
}

template <BitproofFloatProduct* product>
void multiply(const Call& call, Tile tile, std::byte* scratch) {
  float* y = reinterpret_cast<float*>(scratch);
  const std::int64_t cols = call.shape.cols, rows = tile.row1 - tile.row0;
  product(rows, cols, tile.batch1 - tile.batch0, reinterpret_cast<const float*>(call.packed) + tile.row0 * cols,
          reinterpret_cast<const float*>(call.prepared) + tile.batch0 * cols, y);
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b, y += rows) {
    std::int32_t* out = call.y + b * call.y_stride + tile.row0;
    for (std::int64_t r = 0; r < rows; ++r) out[r] = static_cast<std::int32_t>(y[r]);
  }
}

template <BitproofFloatProduct* product>
constexpr Kernel float_form(const char* note) {
  return {.info = {.row = "", .note = note, .techniques = techniques(Technique::simd)},
          .row_multiple = 1,
          .col_multiple = 1,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .prepared_bytes = prepared_bytes,
          .prepare = prepare,
          .scratch_bytes = scratch_bytes,
          .multiply = multiply<product>};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
