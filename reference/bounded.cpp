#include "reference/bounded.hpp"

#include <Eigen/Dense>

namespace bitproof::reference {
namespace {

Eigen::ArrayXd log_softmax(std::span<const double> logits) {
  const Eigen::Map<const Eigen::ArrayXd> x(logits.data(), static_cast<Eigen::Index>(logits.size()));
  const Eigen::ArrayXd shifted = x - x.maxCoeff();
  return shifted - std::log(shifted.exp().sum());
}

}  // namespace

std::optional<Violation> first_violation(std::span<const float> candidate, const Bounded& truth) {
  require(candidate.size() == truth.value.size() && candidate.size() == truth.bound.size(),
          "first_violation: sizes differ");
  for (std::size_t i = 0; i < candidate.size(); ++i) {
    const double got = candidate[i], want = truth.value[i], bound = truth.bound[i];
    const bool inside = std::isfinite(bound) && std::abs(got - want) <= bound;  // false where got is NaN or Inf
    if (!inside) return Violation{static_cast<std::int64_t>(i), got, want, bound};
  }
  return std::nullopt;
}

std::vector<float> rounded(const Bounded& truth) {
  std::vector<float> out(truth.value.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(truth.value[i]);
  return out;
}

double kld(std::span<const double> logits_p, std::span<const double> logits_q) {
  require(!logits_p.empty() && logits_p.size() == logits_q.size(), "kld: sizes differ or are zero");
  const Eigen::ArrayXd log_p = log_softmax(logits_p), log_q = log_softmax(logits_q);
  const double divergence = (log_p.exp() * (log_p - log_q)).sum();
  if (!std::isfinite(divergence)) return std::numeric_limits<double>::infinity();
  return divergence > 0 ? divergence : 0;  // it cannot be negative; its rounding can
}

}  // namespace bitproof::reference
