#include "reference/gated_ffn.hpp"

#include "reference/exponential.hpp"
#include "reference/rows.hpp"

namespace bitproof::reference {
namespace {

Bounded relu_squared(std::span<const float> gate, std::span<const float> up) {
  Bounded out{std::vector<double>(gate.size()), std::vector<double>(gate.size(), 0.0)};
  const RowArray<float> r = rows_of(gate, 1).max(0.0f);
  const RowArray<float> square = r * r;  // stored: rounded before the next product
  rows_of(std::span(out.value), 1) = (square * rows_of(up, 1)).cast<double>();
  return out;
}

Bounded silu(std::span<const float> gate, std::span<const float> up) {
  Bounded out{std::vector<double>(gate.size()), std::vector<double>(gate.size())};
  const RowArray<double> g = rows_of(gate, 1).cast<double>(), u = rows_of(up, 1).cast<double>();
  const RowArray<double> sigmoid = 1 / (1 + (-g).exp());
  const RowArray<double> relative = (1 + gamma(4)) / (1 - kExpError * (1 - sigmoid)) - 1;
  auto value = rows_of(std::span(out.value), 1);
  value = g * sigmoid * u;
  // A quotient that underflows is still multiplied by `up`.
  rows_of(std::span(out.bound), 1) = relative * value.abs() + kExpFloor * (g * u).abs() + kUnderflow * (1 + u.abs());
  return out;
}

}  // namespace

Bounded gated_ffn(gated_ffn::Activation activation, std::span<const float> gate, std::span<const float> up) {
  require(gate.size() == up.size(), "gated_ffn: sizes differ");
  return activation == gated_ffn::Activation::silu ? silu(gate, up) : relu_squared(gate, up);
}

}  // namespace bitproof::reference
