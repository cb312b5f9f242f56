#include "depth_axis.hpp"

#include <gtest/gtest.h>

#include "made_up_cells.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

// A position takes 1 s with scalar code and 10 ms with fast code; a cache saves all but one.
std::vector<Cell> cells_at(std::int64_t depth, double slower = 1) {
  const Lattice lattice = depth_lattice();
  std::vector<Cell> cells;
  for (const std::size_t i : depth_cells(depth)) {
    const double position_s = i < 2 ? slower : 0.01, positions = i % 2 ? 1 : static_cast<double>(depth + 1);
    const double rate = 1 / (position_s * positions);
    cells.push_back(made_up_cell(lattice, i, {rate, rate, rate}, LoopOp::matmul_q, depth));
    cells.back().ledger.positions = 3 * static_cast<std::int64_t>(positions);
  }
  return cells;
}

TEST(DepthAxis, MeasuresWhatItCanAndModelsTheRest) {
  BITPROOF_NEEDS_SIMD();
  const DepthAxis axis = depth_axis({{4, cells_at(4)}, {8, cells_at(8)}, {16, cells_at(16)}, {256, cells_at(256)}});
  EXPECT_EQ(axis.fitted_on, (std::vector<std::int64_t>{4, 16}));
  ASSERT_TRUE(axis.held_out_error);
  EXPECT_NEAR(*axis.held_out_error, 0, 1e-9);
  for (const DepthPoint& p : axis.points) {
    const auto positions = static_cast<double>(p.depth + 1);
    EXPECT_NEAR(p.fast->geometric_mean, positions, 1e-6 * positions);
    EXPECT_EQ(p.scalar.has_value(), p.depth <= kMostScalarDepth);
    EXPECT_NE(p.scalar.has_value(), p.modelled.has_value()) << "modelled only where it was not measured";
    EXPECT_NEAR(p.scalar ? p.scalar->geometric_mean : *p.modelled, positions, 1e-6 * positions);
  }
}

TEST(DepthAxis, AModelThatIsWrongShowsAtTheHeldOutDepth) {
  BITPROOF_NEEDS_SIMD();
  const DepthAxis axis = depth_axis({{4, cells_at(4)}, {8, cells_at(8, 2)}, {16, cells_at(16)}});
  EXPECT_NEAR(*axis.held_out_error, -0.5, 1e-9);
}

TEST(DepthAxis, OneDepthIsNoModel) {
  BITPROOF_NEEDS_SIMD();
  const DepthAxis axis = depth_axis({{4, cells_at(4)}, {8, cells_at(8)}, {256, cells_at(256)}});
  EXPECT_TRUE(axis.fitted_on.empty());
  EXPECT_FALSE(axis.held_out_error);
  EXPECT_FALSE(axis.points.back().modelled);
}

}  // namespace
}  // namespace bitproof
