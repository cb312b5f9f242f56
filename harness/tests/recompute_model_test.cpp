#include "recompute_model.hpp"

#include <gtest/gtest.h>

namespace bitproof {
namespace {

RecomputeTime made_of(std::int64_t p, double head, double pair, double position) {
  const auto n = static_cast<double>(p);
  return {p, head, pair * n * (n + 1) / 2, position * n};
}

TEST(RecomputeModel, FindsTheCoefficientsItsTimesWereMadeOf) {
  const RecomputeTime times[] = {made_of(5, 7e6, 300, 2e9), made_of(17, 7e6, 300, 2e9)};
  const RecomputeModel m = fit(times);
  EXPECT_NEAR(m.token_ns(1025), made_of(1025, 7e6, 300, 2e9).total_ns(), 1);
  EXPECT_NEAR(relative_error(m, made_of(9, 7e6, 300, 2e9)), 0, 1e-12);
}

TEST(RecomputeModel, AHeldOutTokenThatIsSlowerShows) {
  const RecomputeTime times[] = {made_of(5, 7e6, 300, 2e9), made_of(17, 7e6, 300, 2e9)};
  EXPECT_NEAR(relative_error(fit(times), made_of(9, 7e6, 300, 2.5e9)), -0.2, 0.01);
}

TEST(RecomputeModel, TimesThatDisagreeAreMetInTheMiddle) {
  const RecomputeTime times[] = {made_of(5, 1, 1, 100), made_of(17, 1, 1, 110)};
  const RecomputeModel m = fit(times);
  EXPECT_GT(m.position_ns, 100);
  EXPECT_LT(m.position_ns, 110);
}

}  // namespace
}  // namespace bitproof
