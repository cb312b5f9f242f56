#include "reference/rms_norm.hpp"

#include "reference/rows.hpp"

namespace bitproof::reference {

Bounded rms_norm(std::span<const float> x, std::span<const float> weight, float eps, std::int64_t rounded) {
  const std::int64_t n = std::ssize(weight);
  const RowArray<double> in = rows_of(x, n).cast<double>();
  const RowArray<double> w = rows_of(weight, n).cast<double>();
  require(eps > 0, "rms_norm: eps must be positive");

  Bounded out{std::vector<double>(x.size()), std::vector<double>(x.size())};
  auto value = rows_of(std::span(out.value), n);
  const Eigen::ArrayXd root = (in.square().rowwise().mean() + eps).sqrt();
  value = (in.colwise() / root).rowwise() * w.row(0);

  const double relative = (1 + gamma(4)) / std::sqrt(1 - gamma(static_cast<double>(rounded + 3))) - 1;
  // Either of the two last products may underflow; the first is then still multiplied by the weight.
  rows_of(std::span(out.bound), n) = (relative * value.abs()).rowwise() + kUnderflow * (1 + w.row(0).abs());
  return out;
}

}  // namespace bitproof::reference
