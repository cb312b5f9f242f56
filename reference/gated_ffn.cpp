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

constexpr double kSteepestSilu = 1.1;

// Adds to the bound what the errors of the inputs can move.
void widen(gated_ffn::Activation activation, std::span<const float> gate, std::span<const float> up,
           std::span<const double> gate_error, std::span<const double> up_error, Bounded& out) {
  const RowArray<double> g = rows_of(gate, 1).cast<double>(), u = rows_of(up, 1).cast<double>().abs();
  const RowArray<double> e = rows_of(gate_error, 1), f = rows_of(up_error, 1);
  const RowArray<double> value = rows_of(std::span<const double>(out.value), 1).abs();
  auto bound = rows_of(std::span(out.bound), 1);
  if (activation == gated_ffn::Activation::silu) {
    const RowArray<double> shift = kSteepestSilu * e * (u + f) + (g / (1 + (-g).exp())).abs() * f;
    const double relative = (1 + gamma(4)) / (1 - kExpError) - 1;  // the largest of all g
    bound = relative * (value + shift) + shift + kExpFloor * (g.abs() + e) * (u + f) + kUnderflow * (1 + u + f);
  } else {
    const RowArray<double> r = g.max(0.0);
    const RowArray<double> shift = (2 * r * e + e.square()) * (u + f) + r.square() * f;
    bound = shift + gamma(2) * (2 * value + shift) + 2 * kUnderflow * (1 + u + f);
  }
}

}  // namespace

Bounded gated_ffn(gated_ffn::Activation activation, std::span<const float> gate, std::span<const float> up,
                  std::span<const double> gate_error, std::span<const double> up_error) {
  require(gate.size() == up.size(), "gated_ffn: sizes differ");
  Bounded out = activation == gated_ffn::Activation::silu ? silu(gate, up) : relu_squared(gate, up);
  if (!gate_error.empty()) widen(activation, gate, up, gate_error, up_error, out);
  return out;
}

}  // namespace bitproof::reference
