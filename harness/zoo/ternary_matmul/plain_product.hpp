// The plainest product that meets the contract, to plant faults in: one byte a weight, row-major, nothing prepared.
#pragma once

#include "ternary_matmul/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::ternary_matmul {
namespace {

inline std::size_t packed_bytes(Shape s) { return static_cast<std::size_t>(s.rows * s.cols); }

inline void pack(Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  std::byte* out = packed + row0 * s.cols;
  for (std::int64_t i = 0; i < (row1 - row0) * s.cols; ++i) out[i] = static_cast<std::byte>(w[i]);
}

inline std::size_t no_prepared(std::int64_t, std::int64_t) { return 0; }
inline void prepare_nothing(const Input&, std::byte*, int, int) {}
inline std::size_t no_scratch(Shape, std::int64_t) { return 0; }

inline const std::int8_t* weights(const Call& c, std::int64_t row) {
  return reinterpret_cast<const std::int8_t*>(c.packed) + row * c.shape.cols;
}
inline const std::int8_t* activations(const Call& c, std::int64_t b) { return c.input.x + b * c.input.stride; }

inline std::int32_t dot(const std::int8_t* w, const std::int8_t* x, std::int64_t n) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += w[i] * x[i];
  return sum;
}
inline std::int32_t product(const Call& c, std::int64_t row, std::int64_t b) {
  return dot(weights(c, row), activations(c, b), c.shape.cols);
}

// y = value(row, batch element), over the tile.
template <class Value>
void fill(const Call& c, Tile t, Value&& value) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t row = t.row0; row < t.row1; ++row) c.y[b * c.y_stride + row] = value(row, b);
  }
}

constexpr Kernel kernel(VariantInfo info, void (*multiply)(const Call&, Tile, std::byte*)) {
  return {.info = info,
          .row_multiple = 1,
          .col_multiple = 1,
          .packed_bytes = packed_bytes,
          .pack = pack,
          .prepared_bytes = no_prepared,
          .prepare = prepare_nothing,
          .scratch_bytes = no_scratch,
          .multiply = multiply};
}

}  // namespace
}  // namespace bitproof::ternary_matmul
