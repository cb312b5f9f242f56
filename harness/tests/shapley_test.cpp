#include "shapley.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "rng.hpp"

namespace bitproof {
namespace {

double value(const Contrast& contrast, const std::vector<double>& y) {
  return std::inner_product(contrast.begin(), contrast.end(), y.begin(), 0.0);
}

std::vector<double> any_game(const LatticeShape& shape, std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> y(cell_count(shape));
  for (double& v : y) v = rng.gaussian();
  return y;
}

TEST(Shapley, CellsCountLikeDigits) {
  const LatticeShape shape = {2, 3, 2};
  EXPECT_EQ(cell_count(shape), 12u);
  for (std::size_t cell = 0; cell < 12; ++cell) EXPECT_EQ(cell_of(levels_of(cell, shape), shape), cell);
  EXPECT_EQ(levels_of(3, shape), (std::vector<int>{1, 1, 0}));
}

// The glove game of textbooks: a left glove and one of two right ones make a pair worth 1.
TEST(Shapley, OfTheGloveGame) {
  const LatticeShape shape(3, 2);
  std::vector<double> y(8);
  for (std::size_t s = 0; s < 8; ++s) y[s] = (s & 1) && (s & 6) ? 1 : 0;
  EXPECT_NEAR(value(shapley_contrast(shape, {0, 1}), y), 2.0 / 3, 1e-15);
  EXPECT_NEAR(value(shapley_contrast(shape, {1, 1}), y), 1.0 / 6, 1e-15);
  EXPECT_NEAR(value(shapley_contrast(shape, {2, 1}), y), 1.0 / 6, 1e-15);
}

TEST(Shapley, IsTheMeanOverAllOrders) {
  const LatticeShape shape(4, 2);
  const std::vector<double> y = any_game(shape, 1);
  std::vector<int> order = {0, 1, 2, 3};
  std::vector<double> mean(4);
  do {
    std::size_t cell = 0;
    for (const int f : order) {
      const std::size_t next = cell | (std::size_t{1} << f);
      mean[static_cast<std::size_t>(f)] += (y[next] - y[cell]) / 24;
      cell = next;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  for (int f = 0; f < 4; ++f)
    EXPECT_NEAR(value(shapley_contrast(shape, {f, 1}), y), mean[static_cast<std::size_t>(f)], 1e-14);
}

// Shares multiply to the total speed-up.
TEST(Shapley, SharesAddUpToTheTotal) {
  for (const LatticeShape& shape : {LatticeShape(6, 2), LatticeShape{2, 3, 4}, LatticeShape{3}}) {
    Contrast sum(cell_count(shape));
    for (std::size_t f = 0; f < shape.size(); ++f) {
      const Contrast share = shapley_contrast(shape, {static_cast<int>(f), shape[f] - 1});
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += share[i];
    }
    const Contrast total = total_contrast(shape);
    for (std::size_t i = 0; i < sum.size(); ++i) EXPECT_NEAR(sum[i], total[i], 1e-15);
  }
}

TEST(Shapley, ContrastsSumToZero) {
  const LatticeShape shape = {2, 3, 2, 2};
  for (const Contrast& c :
       {shapley_contrast(shape, {1, 1}), shapley_contrast(shape, {1, 2}), alone_contrast(shape, {1, 1}),
        without_contrast(shape, {1, 2}), interaction_contrast(shape, {0, 1}, 1), total_contrast(shape)}) {
    EXPECT_NEAR(std::accumulate(c.begin(), c.end(), 0.0), 0, 1e-15);
  }
}

// The same factors listed in another order are the same factors.
TEST(Shapley, DoesNotDependOnTheOrderOfFactors) {
  const LatticeShape shape(5, 2);
  const std::vector<double> y = any_game(shape, 2);
  const std::vector<int> place = {3, 0, 4, 1, 2};  // of factor f in the other order
  std::vector<double> renamed(y.size());
  for (std::size_t cell = 0; cell < y.size(); ++cell) {
    std::vector<int> levels(5);
    for (std::size_t f = 0; f < 5; ++f) levels[static_cast<std::size_t>(place[f])] = levels_of(cell, shape)[f];
    renamed[cell_of(levels, shape)] = y[cell];
  }
  for (int f = 0; f < 5; ++f) {
    EXPECT_NEAR(value(shapley_contrast(shape, {f, 1}), y),
                value(shapley_contrast(shape, {place[static_cast<std::size_t>(f)], 1}), renamed), 1e-14);
  }
}

TEST(Shapley, OfADummyIsNothing) {
  const LatticeShape shape(6, 2);
  std::vector<double> y = any_game(shape, 3);
  for (std::size_t cell = 0; cell < y.size(); ++cell) y[cell] = y[cell & ~std::size_t{8}];
  EXPECT_NEAR(value(shapley_contrast(shape, {3, 1}), y), 0, 1e-15);
  for (int g = 0; g < 6; ++g) {
    if (g == 3) continue;
    EXPECT_NEAR(value(interaction_contrast(shape, {3, 1}, g), y), 0, 1e-15);
  }
}

// Factors that multiply have their own speed-up as share, and no interaction.
TEST(Shapley, OfIndependentFactorsIsTheirEffect) {
  const LatticeShape shape = {2, 3, 2};
  const double effect[3][3] = {{0, 0.5, 0}, {0, 1.1, 1.7}, {0, -0.2, 0}};
  std::vector<double> y(12);
  for (std::size_t cell = 0; cell < 12; ++cell) {
    const std::vector<int> at = levels_of(cell, shape);
    for (std::size_t f = 0; f < 3; ++f) y[cell] += effect[f][at[f]];
  }
  EXPECT_NEAR(value(shapley_contrast(shape, {1, 1}), y), 1.1, 1e-15) << "a level between";
  EXPECT_NEAR(value(shapley_contrast(shape, {1, 2}), y), 1.7, 1e-15);
  EXPECT_NEAR(value(shapley_contrast(shape, {2, 1}), y), -0.2, 1e-15);
  EXPECT_NEAR(value(interaction_contrast(shape, {0, 1}, 1), y), 0, 1e-15);
}

TEST(Shapley, InteractionIsWhatTheOtherMakesOfIt) {
  const LatticeShape shape(4, 2);
  const std::vector<double> y = any_game(shape, 4);
  const double with = value(shapley_given(shape, {0, 1}, 2, true), y),
               without = value(shapley_given(shape, {0, 1}, 2, false), y);
  EXPECT_NEAR(value(interaction_contrast(shape, {0, 1}, 2), y), with - without, 1e-15);
  EXPECT_NEAR(value(interaction_contrast(shape, {0, 1}, 2), y), value(interaction_contrast(shape, {2, 1}, 0), y),
              1e-14);
}

}  // namespace
}  // namespace bitproof
