// What the oracles say of candidates whose own inputs are a little off.
#include "reference/attention.hpp"
#include "reference/rms_norm.hpp"
#include "support.hpp"

namespace bitproof::reference {
namespace {

constexpr double kError = 1e-4;
constexpr int kTrials = 50;

using Errors = std::vector<double>;

// Errors in proportion to the values, and values moved by `factor` of them, up or down.
Errors errors_of(const Floats& x) {
  Errors e;
  for (const float v : x) e.push_back(kError * std::abs(static_cast<double>(v)));
  return e;
}

Floats moved(const Floats& x, const Errors& e, Random& random, double factor) {
  std::uniform_real_distribution<double> within(-factor, factor);
  Floats y;
  for (std::size_t i = 0; i < x.size(); ++i) y.push_back(static_cast<float>(x[i] + within(random) * e[i]));
  return y;
}

// f(x') against the bound for inputs within their errors of x; and that the bound tells ten times the error from it.
template <class Oracle>
void expect_covers(const Bounded& drifted, const Bounded& identical, Random& random, Oracle&& at) {
  ASSERT_EQ(drifted.value, identical.value);
  for (std::size_t i = 0; i < drifted.bound.size(); ++i) EXPECT_GE(drifted.bound[i], identical.bound[i]);
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto bad = first_violation(rounded(at(random, 0.999)), drifted);
    EXPECT_FALSE(bad) << "element " << bad->index << ": " << bad->got << " for " << bad->want << " +- " << bad->bound;
  }
  int outside = 0;
  for (int trial = 0; trial < kTrials; ++trial)
    outside += first_violation(rounded(at(random, 100)), drifted).has_value();
  EXPECT_GT(outside, kTrials / 2);
}

TEST(Drift, OfRmsNorm) {
  Random random(1);
  const Floats x = gaussian(random, 3 * 40), w = gaussian(random, 40);
  const Errors e = errors_of(x);
  expect_covers(rms_norm(x, w, 1e-5f, e), rms_norm(x, w, 1e-5f), random,
                [&](Random& r, double factor) { return rms_norm(moved(x, e, r, factor), w, 1e-5f); });
}

TEST(Drift, OfAttention) {
  Random random(4);
  const AttentionShape shape{4, 2, 16, 0.25f, 6};
  const Floats q = gaussian(random, 2 * 4 * 16), k = gaussian(random, 9 * 2 * 16), v = gaussian(random, 9 * 2 * 16);
  const Errors eq = errors_of(q), ek = errors_of(k);
  expect_covers(attention(shape, q, 7, k, v, 0, {eq, ek}), attention(shape, q, 7, k, v), random,
                [&](Random& r, double factor) {
                  return attention(shape, moved(q, eq, r, factor), 7, moved(k, ek, r, factor), v);
                });
}

}  // namespace
}  // namespace bitproof::reference
