#include "reference/dequantize.hpp"

#include "reference/rows.hpp"

namespace bitproof::reference {

std::vector<float> dequantize(std::int64_t rows, std::span<const std::int32_t> acc, std::span<const float> weight_scale,
                              std::span<const float> activation_scale) {
  const auto sums = rows_of(acc, rows);
  require(sums.rows() == std::ssize(activation_scale), "dequantize: one activation scale a batch element");
  const auto scales = rows_of(weight_scale, std::ssize(weight_scale));
  require(scales.cols() == 1 || scales.cols() == rows, "dequantize: one weight scale, or one a row");

  std::vector<float> out(acc.size());
  auto y = rows_of(std::span(out), rows);
  for (Eigen::Index b = 0; b < sums.rows(); ++b) {
    const RowArray<float> factor = scales / activation_scale[static_cast<std::size_t>(b)];
    y.row(b) = sums.row(b).cast<float>() * factor.replicate(1, rows / factor.cols());
  }
  return out;
}

}  // namespace bitproof::reference
