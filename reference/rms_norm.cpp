#include "reference/rms_norm.hpp"

#include "reference/rows.hpp"

namespace bitproof::reference {

Bounded rms_norm(std::span<const float> x, std::span<const float> weight, float eps, std::int64_t rounded,
                 std::span<const double> error) {
  const std::int64_t n = std::ssize(weight);
  const RowArray<double> in = rows_of(x, n).cast<double>();
  const RowArray<double> w = rows_of(weight, n).cast<double>();
  require(eps > 0, "rms_norm: eps must be positive");

  Bounded out{std::vector<double>(x.size()), std::vector<double>(x.size())};
  auto value = rows_of(std::span(out.value), n);
  const Eigen::ArrayXd mean = in.square().rowwise().mean() + eps, root = mean.sqrt();
  value = (in.colwise() / root).rowwise() * w.row(0);

  const double relative = (1 + gamma(4)) / std::sqrt(1 - gamma(static_cast<double>(rounded + 3))) - 1;
  RowArray<double> shift = RowArray<double>::Zero(in.rows(), n);
  if (!error.empty()) {
    const RowArray<double> e = rows_of(error, n);
    const Eigen::ArrayXd t = (1 - (2 * in.abs() * e + e.square()).rowwise().mean() / mean).rsqrt() - 1;
    shift = ((in.abs().colwise() * t + e.colwise() * (1 + t)).colwise() / root).rowwise() * w.row(0).abs();
  }
  // Either of the two last products may underflow; the first is then still multiplied by the weight.
  rows_of(std::span(out.bound), n) =
      (relative * (value.abs() + shift) + shift).rowwise() + kUnderflow * (1 + w.row(0).abs());
  return out;
}

}  // namespace bitproof::reference
