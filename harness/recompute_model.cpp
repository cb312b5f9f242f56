#include "recompute_model.hpp"

#include "cell.hpp"

namespace bitproof {
namespace {

double pairs(std::int64_t positions) {
  return 0.5 * static_cast<double>(positions) * static_cast<double>(positions + 1);
}

// a of y = a x, minimizing the sum of (a x / y - 1)^2.
template <class X, class Y>
double proportion(std::span<const RecomputeTime> times, X x, Y y) {
  double up = 0, down = 0;
  for (const RecomputeTime& t : times) {
    if (!(y(t) > 0)) continue;
    const double r = x(t) / y(t);
    up += r;
    down += r * r;
  }
  return down > 0 ? up / down : 0;
}

}  // namespace

RecomputeTime recompute_time(const Cell& cell) {
  const double head = cell.op_ns(LoopOp::lm_head) + cell.op_ns(LoopOp::sampling),
               attention = cell.op_ns(LoopOp::attention);
  return {cell.ledger.positions / cell.ledger.tokens, head, attention, cell.wall_ns() - head - attention};
}

double RecomputeModel::token_ns(std::int64_t positions) const {
  return head_ns + attention_pair_ns * pairs(positions) + position_ns * static_cast<double>(positions);
}

RecomputeModel fit(std::span<const RecomputeTime> times) {
  return {proportion(
              times, [](const auto&) { return 1.0; }, [](const auto& t) { return t.head_ns; }),
          proportion(
              times, [](const auto& t) { return pairs(t.positions); }, [](const auto& t) { return t.attention_ns; }),
          proportion(
              times, [](const auto& t) { return static_cast<double>(t.positions); },
              [](const auto& t) { return t.rest_ns; })};
}

double relative_error(const RecomputeModel& model, const RecomputeTime& held_out) {
  return model.token_ns(held_out.positions) / held_out.total_ns() - 1;
}

}  // namespace bitproof
