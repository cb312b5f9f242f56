#include "reference/matmul.hpp"

#include <algorithm>

#include "reference/rows.hpp"

namespace bitproof::reference {
namespace {

// Float products, which Eigen does fast on every x86-64, are exact over this many columns: all partial sums, in any
// order, are integers of magnitude <= 1024 * 128 * 128 = 2^24. Between blocks the sum is int32.
constexpr std::int64_t kExactCols = 1024;
constexpr std::int64_t kBlockRows = 256;  // a float block of 1 MiB stays in the L2 cache

}  // namespace

void integer_matmul(matmul::Shape shape, std::span<const std::int8_t> w, std::span<const std::int8_t> x,
                    std::span<std::int32_t> y) {
  require(shape.cols <= matmul::kMaxCols, "integer_matmul: too many columns for int32");
  const auto weights = rows_of(w, shape.cols).matrix();
  const auto input = rows_of(x, shape.cols).matrix();
  auto out = rows_of(y, shape.rows).matrix();
  require(weights.rows() == shape.rows && input.rows() == out.rows(), "integer_matmul: sizes differ");

  out.setZero();
  for (std::int64_t col = 0; col < shape.cols; col += kExactCols) {
    const std::int64_t cols = std::min(kExactCols, shape.cols - col);
    const Eigen::MatrixXf part = input.middleCols(col, cols).cast<float>().transpose();
    for (std::int64_t row = 0; row < shape.rows; row += kBlockRows) {
      const std::int64_t rows = std::min(kBlockRows, shape.rows - row);
      const Eigen::MatrixXf product = weights.block(row, col, rows, cols).cast<float>().eval() * part;
      out.middleCols(row, rows) += product.cast<std::int32_t>().transpose();
    }
  }
}

}  // namespace bitproof::reference
