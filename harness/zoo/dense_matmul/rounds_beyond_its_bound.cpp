#include "dense_matmul/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::dense_matmul {
namespace {

std::size_t packed_bytes(Shape s) { return static_cast<std::size_t>(s.rows * s.cols); }

template <int kStep>
int rounded(int w) {
  const int near = (w + (w < 0 ? -kStep : kStep) / 2) / kStep * kStep;
  return near > 124 ? 124 : near < -124 ? -124 : near;
}

template <bool kFault>
void pack(Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
  std::byte* out = packed + row0 * s.cols;
  for (std::int64_t i = 0; i < (row1 - row0) * s.cols; ++i) {
    out[i] = static_cast<std::byte>(rounded < kFault ? 12 : 4 > (w[i]));
  }
}

std::size_t no_prepared(std::int64_t, std::int64_t) { return 0; }
void prepare_nothing(const Input&, std::byte*, int, int) {}
std::size_t no_scratch(Shape, std::int64_t) { return 0; }

void multiply(const Call& c, Tile t, std::byte*) {
  const auto* packed = reinterpret_cast<const std::int8_t*>(c.packed);
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const std::int8_t* x = c.input.x + b * c.input.stride;
    for (std::int64_t row = t.row0; row < t.row1; ++row) {
      const std::int8_t* w = packed + row * c.shape.cols;
      std::int32_t sum = 0;
      for (std::int64_t i = 0; i < c.shape.cols; ++i) sum += w[i] * x[i];
      c.y[b * c.y_stride + row] = sum;
    }
  }
}

template <bool kFault>
constexpr Kernel row(VariantInfo info) {
  return {.info = info,
          .row_multiple = 1,
          .col_multiple = 1,
          .packed_bytes = packed_bytes,
          .pack = pack<kFault>,
          .prepared_bytes = no_prepared,
          .prepare = prepare_nothing,
          .scratch_bytes = no_scratch,
          .multiply = multiply};
}

constexpr VariantInfo approximate(VariantInfo info) {
  info.exactness = Exactness::approximate;
  info.nmse_bound = 5e-3;
  info.weight_error = 3;
  return info;
}

constexpr Kernel kRows[] = {row<true>(approximate(planted(
                                "weights are rounded further than it says, within the mean error that it publishes"))),
                            row<false>(approximate(clean()))};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::dense_matmul
