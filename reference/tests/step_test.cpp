// The reference loop step by step, and where quantization depends on rounding.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reference/activation_quant.hpp"
#include "reference/token_loop.hpp"

namespace bitproof::reference {
namespace {

constexpr std::int64_t kCols = 257;

Bounded random_row(std::mt19937& rng, double relative_bound) {
  std::normal_distribution<double> normal;
  Bounded x;
  for (std::int64_t i = 0; i < kCols; ++i) {
    x.value.push_back(normal(rng));
    x.bound.push_back(relative_bound * std::abs(x.value.back()));
  }
  return x;
}

// Two roundings of the same values, each anywhere within its bound, differ only where a tie is near.
TEST(NearTie, CoversEveryDifferenceThatRoundingCanMake) {
  std::mt19937 rng(1);
  std::uniform_real_distribution<double> within(-1, 1);
  int differences = 0;
  for (int row = 0; row < 400; ++row) {
    const Bounded x = random_row(rng, 1e-4);
    std::vector<float> moved = rounded(x);
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved[i] = static_cast<float>(x.value[i] + 0.999 * within(rng) * x.bound[i]);
    }
    const auto ideal = activation_quant(kCols, rounded(x)).v, other = activation_quant(kCols, moved).v;
    const std::vector<bool> near = near_tie(kCols, x);
    for (std::size_t i = 0; i < ideal.size(); ++i) {
      differences += ideal[i] != other[i];
      EXPECT_TRUE(near[i] || ideal[i] == other[i]) << "row " << row << ", element " << i;
    }
  }
  EXPECT_GT(differences, 0) << "nothing was tried";
}

TEST(NearTie, IsATieAndNotItsNeighbourhood) {
  // S = 127 / 127 = 1: the products are the values themselves.
  const Bounded x{{127, 2.5, 2.5 + 1e-3, -7.5, 3, 0}, std::vector<double>(6, 0.0)};
  EXPECT_EQ(near_tie(6, x), (std::vector<bool>{false, true, false, true, false, false}));
}

ModelShape small_shape() {
  return {.hidden = 4, .ffn = 6, .layers = 2, .heads = 2, .kv_heads = 1, .head_dim = 2, .vocab = 5, .context = 8};
}

ModelWeights small_weights(const ModelShape& m) {
  std::mt19937 rng(3);
  const auto matrix = [&](std::int64_t rows, std::int64_t cols) {
    TernaryMatrix t{{}, {0.5f}};
    for (std::int64_t i = 0; i < rows * cols; ++i)
      t.w.push_back(static_cast<std::int8_t>(static_cast<int>(rng() % 3) - 1));
    return t;
  };
  ModelWeights w;
  const auto ones = [](std::int64_t n) { return std::vector<float>(static_cast<std::size_t>(n), 1.0f); };
  for (std::int64_t l = 0; l < m.layers; ++l) {
    w.layers.push_back({matrix(m.q_width(), m.hidden), matrix(m.kv_width(), m.hidden), matrix(m.kv_width(), m.hidden),
                        matrix(m.hidden, m.q_width()), matrix(m.ffn, m.hidden), matrix(m.ffn, m.hidden),
                        matrix(m.hidden, m.ffn), ones(m.hidden), ones(m.hidden), ones(m.q_width()), ones(m.ffn)});
  }
  w.output_norm = ones(m.hidden);
  for (std::int64_t i = 0; i < m.vocab * m.hidden; ++i)
    w.embedding.w.push_back(static_cast<std::int8_t>(i * 37 % 127 - 63));
  w.embedding.row_scale = ones(m.vocab);
  w.head = w.embedding;
  return w;
}

// Row p of every step is what a loop over the first p + 1 tokens ends in.
TEST(ForwardSteps, EndInTheLogitsOfEveryPrefix) {
  const ModelShape shape = small_shape();
  const ModelWeights weights = small_weights(shape);
  const std::vector<std::int32_t> tokens = {1, 4, 0, 2};
  const std::vector<StepTruth> steps = forward_steps(shape, weights, tokens);
  EXPECT_EQ(std::ssize(steps), 1 + shape.layers * 21 + 3);
  EXPECT_EQ(steps.front().step, Step::embedding);
  const StepTruth& head = steps.back();
  ASSERT_EQ(head.step, Step::logits);
  for (std::size_t n = 1; n <= tokens.size(); ++n) {
    const std::vector<double> want = forward(shape, weights, std::span(tokens).first(n)).logits;
    const auto first = head.values.begin() + static_cast<std::ptrdiff_t>(n - 1) * shape.vocab;
    EXPECT_EQ(std::vector<double>(first, first + shape.vocab), want) << n;
  }
}

}  // namespace
}  // namespace bitproof::reference
