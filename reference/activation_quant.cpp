#include "reference/activation_quant.hpp"

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

}  // namespace bitproof::reference
