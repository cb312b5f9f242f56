#include "whatif.hpp"

#include <charconv>
#include <cmath>

#include "error.hpp"
#include "nearest.hpp"

namespace bitproof {

ProfiledOp find_profiled_op(const std::string& text) {
  ProfiledOp found{text, "", {}};
  std::vector<std::string> known;
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    if (name(op) == text) return {text, slot_of(op), {op}};
    if (slot_of(op) == text) found.slot = text, found.ops.push_back(op);
    known.insert(known.end(), {name(op), slot_of(op)});
  }
  if (found.ops.empty()) throw BadInput("--op: the loop has no op '{}'; did you mean {}?", text, nearest(text, known));
  return found;
}

double parse_factor(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(end, text.data() + text.size());
  if (error != std::errc{} || (unit != "x" && !unit.empty()) || !(value > 0) || !std::isfinite(value)) {
    throw BadInput("--faster '{}': write 2x or 1.5x", text);
  }
  return value;
}

WhatIf what_if(double token_ns, double op_ns, double factor, const DoseResponse& response) {
  const double saving = op_ns * (1 - 1 / factor);
  const auto left = [&](double slope) { return token_ns - slope * saving; };
  const double one = left(response.wall.value - response.wall.half_width),
               other = left(response.wall.value + response.wall.half_width);
  return {token_ns, op_ns, factor, left(1), std::min(one, other), std::max(one, other), token_ns / (token_ns - op_ns)};
}

}  // namespace bitproof
