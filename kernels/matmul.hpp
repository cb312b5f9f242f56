// The contract shared by the two integer matrix products of the token loop:
//
//   y[batch x rows] (int32) = W[rows x cols] (int8 range) . x[batch x cols] (int8)
//
// ternary_matmul has w in {-1, 0, +1}; dense_matmul has |w| <= 127. In both |x| <= 127 and cols <= kMaxCols, so every
// exact kernel must be bit-equal to the mathematical sum. Approximate kernels round their result to int32.
// Scales are not applied here: that is the `dequantize` op. Integers have no NaN or Inf.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tile.hpp"
#include "variant.hpp"

namespace bitproof::matmul {

// Largest cols a kernel must accept. 2^16 * 127 * 127 < 2^30, so int32 sums leave room for a kernel's internal factors.
inline constexpr std::int64_t kMaxCols = 65536;

struct Shape {
  std::int64_t rows, cols;
};

// Quantized activations. Row b is x[b * stride .. b * stride + cols); the columns [cols, stride) are readable zeros.
// stride = cols rounded up to the kernel's col_multiple (or a multiple of that). Any byte alignment.
struct Input {
  const std::int8_t* x;
  std::int64_t batch, cols, stride;
};

struct Call {
  Shape shape;
  const std::byte* packed;  // packed_bytes(shape), filled by pack; 64-byte aligned
  Input input;
  const std::byte* prepared;  // prepared_bytes(cols, batch) by prepare; 64-byte aligned; may be null when 0 bytes
  std::int32_t* y;            // row b of the output starts at y[b * y_stride]; 4-byte aligned
  std::int64_t y_stride;      // >= rows
};

enum class Weights : std::uint8_t { ternary, int8 };

template <Weights>
struct Kernel {
  VariantInfo info;

  // A tile's row0 is a multiple of row_multiple; so is row1, or it equals rows. x is zero-padded to col_multiple.
  std::int64_t row_multiple;
  std::int64_t col_multiple;

  // Weights, packed once per model. Variants with the same `pack` function share one packed copy.
  std::size_t (*packed_bytes)(Shape);
  // w is row-major, w[(row1 - row0) x cols], its first row being row0 (a multiple of row_multiple; row1 likewise or
  // rows). Different row ranges may be packed by different threads at once. Writes every byte of its part of `packed`.
  void (*pack)(Shape, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed);

  // Work on the activation alone (sums, look-up tables), shared by all matrices that read it (q, k, v; gate, up).
  // Timed as part of the product. Called for each part in [0, parts), from any threads, then a barrier.
  std::size_t (*prepared_bytes)(std::int64_t cols, std::int64_t batch);
  void (*prepare)(const Input&, std::byte* prepared, int part, int parts);

  // Per-thread scratch for multiply (64-byte aligned, uninitialised; may be null when 0 bytes).
  std::size_t (*scratch_bytes)(Shape, std::int64_t batch);
  // Writes y for the whole tile and nothing else.
  void (*multiply)(const Call&, Tile, std::byte* scratch);
};

}  // namespace bitproof::matmul
