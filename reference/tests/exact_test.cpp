// The oracles whose answer is one exact value: integer products, quantization, and single-rounding float ops.
#include <gmock/gmock.h>

#include "reference/activation_quant.hpp"
#include "reference/dequantize.hpp"
#include "reference/embedding.hpp"
#include "reference/matmul.hpp"
#include "reference/residual_add.hpp"
#include "reference/sampling.hpp"
#include "support.hpp"

namespace bitproof::reference {
namespace {

using ::testing::ElementsAre;

std::vector<std::int32_t> naive_matmul(matmul::Shape shape, const Bytes& w, const Bytes& x) {
  std::vector<std::int32_t> y;
  for (auto xb = x.begin(); xb != x.end(); xb += shape.cols) {
    for (auto row = w.begin(); row != w.end(); row += shape.cols) {
      y.push_back(static_cast<std::int32_t>(std::inner_product(row, row + shape.cols, xb, std::int64_t{0})));
    }
  }
  return y;
}

std::vector<std::int32_t> oracle_matmul(matmul::Shape shape, const Bytes& w, const Bytes& x) {
  std::vector<std::int32_t> y(x.size() / static_cast<std::size_t>(shape.cols) * static_cast<std::size_t>(shape.rows),
                              -1);
  integer_matmul(shape, w, x, y);
  return y;
}

TEST(IntegerMatmul, ByHand) {
  // [1 -1 0; 0 1 1] times the columns (10, 20, 30) and (-1, -2, -3)
  EXPECT_THAT(oracle_matmul({2, 3}, {1, -1, 0, 0, 1, 1}, {10, 20, 30, -1, -2, -3}), ElementsAre(-10, 50, 1, -5));
}

TEST(IntegerMatmul, IsExactAcrossItsBlocks) {
  Random random(1);
  for (const matmul::Shape shape : {matmul::Shape{1, 1}, {3, 1023}, {257, 1024}, {300, 1025}, {7, 2500}}) {
    for (const int limit : {1, 127}) {
      for (const std::int64_t batch : {1, 3}) {
        const Bytes w = integers(random, shape.rows * shape.cols, limit), x = integers(random, batch * shape.cols, 127);
        EXPECT_FALSE(first_mismatch(oracle_matmul(shape, w, x), naive_matmul(shape, w, x)))
            << shape.rows << " x " << shape.cols << " batch " << batch;
      }
    }
  }
}

TEST(IntegerMatmul, IsExactAtTheLargestSum) {
  const auto n = static_cast<std::size_t>(matmul::kMaxCols);
  constexpr std::int32_t kLargest = matmul::kMaxCols * 127 * 127;
  EXPECT_THAT(oracle_matmul({1, matmul::kMaxCols}, Bytes(n, 127), Bytes(n, 127)), ElementsAre(kLargest));
  EXPECT_THAT(oracle_matmul({1, matmul::kMaxCols}, Bytes(n, 127), Bytes(n, -127)), ElementsAre(-kLargest));
}

TEST(IntegerMatmul, RefusesSizesThatDisagree) {
  std::vector<std::int32_t> y(2);
  EXPECT_THROW(integer_matmul({2, 3}, Bytes(5), Bytes(3), y), std::invalid_argument);
  EXPECT_THROW(integer_matmul({2, 3}, Bytes(6), Bytes(6), y), std::invalid_argument);
}

TEST(ActivationQuant, RoundsTiesToEvenAndScalesByTheRowsMaximum) {
  const Quantized q = activation_quant(5, Floats{127, 0.5f, 1.5f, -2.5f, 3.5f, 1, 0, 0, -2, 0.5f});
  EXPECT_THAT(q.v, ElementsAre(127, 0, 2, -2, 4, 64, 0, 0, -127, 32));  // 63.5 and 31.75
  EXPECT_THAT(q.scale, ElementsAre(1, 63.5f));
}

TEST(ActivationQuant, ClampsTheMaximumOfTinyRows) {
  const Quantized q = activation_quant(2, Floats{0, 0, 5e-6f, -1e-40f});
  EXPECT_THAT(q.v, ElementsAre(0, 0, 64, 0));  // 5e-6f * (127 / 1e-5f) rounds to 63.5f, a tie
  EXPECT_THAT(q.scale, ElementsAre(127 / 1e-5f, 127 / 1e-5f));
}

TEST(ActivationQuant, NeverLeavesTheContractsRange) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const Floats x = gaussian(random, 64, std::ldexp(1.0f, round - 100));
    const auto [low, high] = std::ranges::minmax(activation_quant(64, x).v);
    EXPECT_GE(low, -127);
    EXPECT_LE(high, 127);
  }
  EXPECT_THROW(activation_quant(1, Floats{std::numeric_limits<float>::infinity()}), std::invalid_argument);
}

TEST(Dequantize, OneScaleOrOneARow) {
  const std::vector<std::int32_t> acc{1, -2, 3, 4, 5, -6};
  EXPECT_THAT(dequantize(3, acc, Floats{6}, Floats{2, 3}), ElementsAre(3, -6, 9, 8, 10, -12));
  EXPECT_THAT(dequantize(3, acc, Floats{2, 4, 8}, Floats{2, 4}), ElementsAre(1, -4, 12, 2, 5, -12));
  EXPECT_THROW(dequantize(3, acc, Floats{1, 2}, Floats{1, 1}), std::invalid_argument);
  EXPECT_THROW(dequantize(3, acc, Floats{1}, Floats{1}), std::invalid_argument);
}

TEST(Dequantize, RoundsInTheContractsOrder) {
  Random random(3);
  std::uniform_int_distribution<std::int32_t> draw(-(1 << 30), 1 << 30);  // beyond 2^24, so that float(acc) rounds too
  const Floats weight_scale = gaussian(random, 64), activation_scale{0.3f};
  std::vector<std::int32_t> acc(64);
  Floats want;
  for (std::size_t i = 0; i < acc.size(); ++i) {
    acc[i] = draw(random);
    const volatile float factor = weight_scale[i] / activation_scale[0];
    want.push_back(static_cast<float>(acc[i]) * factor);
  }
  EXPECT_FALSE(first_mismatch(dequantize(64, acc, weight_scale, activation_scale), want));
}

TEST(ResidualAdd, RoundsOnce) {
  EXPECT_THAT(residual_add(Floats{1, 1, 2}, Floats{2, 0x1p-24f, -2}), ElementsAre(3, 1, 0));
  EXPECT_THROW(residual_add(Floats{1}, Floats{1, 2}), std::invalid_argument);
}

TEST(Embedding, ScalesTheTokensRow) {
  const Bytes table{1, 2, -3, 4, 127, -127};
  EXPECT_THAT(embedding(2, std::vector{2, 0, 2}, table, Floats{0.5f, 9, 0.25f}),
              ElementsAre(31.75f, -31.75f, 0.5f, 1, 31.75f, -31.75f));
  for (const int token : {-1, 3}) {
    EXPECT_THROW(embedding(2, std::vector{token}, table, Floats(3, 1.0f)), std::invalid_argument);
  }
}

TEST(Greedy, TakesTheFirstOfTheLargest) {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(greedy(Floats{1, 3, 2, 3}), 1);
  EXPECT_EQ(greedy(Floats{-5}), 0);
  EXPECT_EQ(greedy(Floats{nan, -2, nan, -1}), 3);
  EXPECT_EQ(greedy(Floats{nan, -infinity}), 1);
  EXPECT_EQ(greedy(Floats{nan, nan}), 0);
  EXPECT_EQ(greedy(Floats{-0.0f, 0.0f}), 0);
}

}  // namespace
}  // namespace bitproof::reference
