#include "reference/rope.hpp"

#include "reference/rows.hpp"

namespace bitproof::reference {
Bounded rope(std::int64_t head_dim, rope::Style style, double base, std::span<const std::int64_t> positions,
             std::span<const float> x) {
  require(head_dim > 0 && head_dim % 2 == 0, "rope: head_dim must be even");
  const Eigen::Index half = head_dim / 2;
  const bool neox = style == rope::Style::neox;
  const RowArray<double> in = rows_of(x, head_dim).cast<double>();  // [positions * heads x head_dim]
  require(!positions.empty() && in.rows() % std::ssize(positions) == 0, "rope: x is not a whole number of heads");
  const Eigen::Index heads = in.rows() / std::ssize(positions);

  Bounded out{std::vector<double>(x.size()), std::vector<double>(x.size())};
  auto value = rows_of(std::span(out.value), head_dim);
  auto bound = rows_of(std::span(out.bound), head_dim);
  for (Eigen::Index pair = 0; pair < half; ++pair) {
    const double frequency = std::pow(base, -2.0 * static_cast<double>(pair) / static_cast<double>(head_dim));
    const Eigen::Index first = neox ? pair : 2 * pair, second = neox ? pair + half : 2 * pair + 1;
    for (Eigen::Index row = 0; row < in.rows(); ++row) {
      const double angle = static_cast<double>(positions[static_cast<std::size_t>(row / heads)]) * frequency;
      const double c = std::cos(angle), s = std::sin(angle), a = in(row, first), b = in(row, second);
      const double slack = kAngleError * std::abs(angle) * (std::abs(a) + std::abs(b)) + 2 * kUnderflow;
      value(row, first) = a * c - b * s;
      value(row, second) = a * s + b * c;
      bound(row, first) = gamma(3) * (std::abs(a * c) + std::abs(b * s)) + slack;
      bound(row, second) = gamma(3) * (std::abs(a * s) + std::abs(b * c)) + slack;
    }
  }
  return out;
}

}  // namespace bitproof::reference
