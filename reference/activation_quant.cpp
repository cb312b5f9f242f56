#include "reference/activation_quant.hpp"

#include <algorithm>
#include <cmath>

#include "activation_quant/contract.hpp"
#include "reference/rows.hpp"

namespace bitproof::reference {

Quantized activation_quant(std::int64_t cols, std::span<const float> x) {
  const auto in = rows_of(x, cols);
  require(in.allFinite(), "activation_quant: x must be finite");
  const Eigen::ArrayXf scale = 127.0f / in.abs().rowwise().maxCoeff().max(activation_quant::kMinAbsmax);

  Quantized out{std::vector<std::int8_t>(x.size()), {scale.begin(), scale.end()}};
  rows_of(std::span(out.v), cols) = (in.colwise() * scale).rint().cast<std::int8_t>();
  return out;
}

std::vector<bool> near_tie(std::int64_t cols, const Bounded& x) {
  const auto value = rows_of(std::span<const double>(x.value), cols),
             bound = rows_of(std::span<const double>(x.bound), cols);
  std::vector<bool> near(x.value.size());
  for (Eigen::Index row = 0; row < value.rows(); ++row) {
    const Eigen::ArrayXd magnitude = value.row(row).abs().transpose();
    const Eigen::ArrayXd b = bound.row(row).transpose().max(kUnitRoundoff * magnitude);
    const double m = std::max(magnitude.maxCoeff(), static_cast<double>(activation_quant::kMinAbsmax)),
                 most = b.maxCoeff();
    require(most < m, "near_tie: the bound swallows the value");
    const double relative = (1 + most / (m - most)) * (1 + gamma(2)) - 1, scale = 127 / m;
    const Eigen::ArrayXd error = scale * ((magnitude + b) * relative + b);
    const Eigen::ArrayXd product = scale * magnitude;
    for (Eigen::Index i = 0; i < cols; ++i) {
      near[static_cast<std::size_t>(row * cols + i)] = std::abs(product[i] - std::floor(product[i]) - 0.5) <= error[i];
    }
  }
  return near;
}

}  // namespace bitproof::reference
