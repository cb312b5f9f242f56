#include "judge.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "rng.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

const Case kRandom{.op = "rms_norm"};
const float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

std::vector<std::int32_t> truth() {
  Rng rng(1);
  std::vector<std::int32_t> values(64);
  for (auto& v : values) v = static_cast<std::int32_t>(rng.below(2001)) - 1000;
  return values;
}

reference::Bounded bounded(double bound) {
  reference::Bounded b;
  for (const std::int32_t v : truth()) {
    b.value.push_back(v);
    b.bound.push_back(bound);
  }
  return b;
}

std::vector<float> floats(const std::vector<std::int32_t>& v) { return {v.begin(), v.end()}; }

TEST(Judge, PassesTheTruth) {
  EXPECT_TRUE(judge_equal(kRandom, truth(), truth()).ok());
  EXPECT_TRUE(judge_bounded(kRandom, floats(truth()), bounded(0.5)).ok());
  EXPECT_TRUE(judge_nmse(kRandom, truth(), truth(), 0.01).ok());
}

TEST(Judge, EveryGateRejectsWhatComputesNothing) {
  const std::vector<std::int32_t> want = truth();
  auto answers = trivial_answers<std::int32_t>(want);
  answers.push_back({"another's rows", {want.rbegin(), want.rend()}});
  std::vector<std::int32_t> input = want;  // a copy of something as large as the truth
  for (auto& v : input) v = -v;
  answers.push_back({"an input", input});
  for (const auto& answer : answers) {
    EXPECT_EQ(judge_equal(kRandom, answer.outputs, want).status, Status::failed) << answer.what;
    EXPECT_EQ(judge_bounded(kRandom, floats(answer.outputs), bounded(0.5)).status, Status::failed) << answer.what;
    EXPECT_EQ(judge_nmse(kRandom, answer.outputs, want, 0.01).status, Status::failed) << answer.what;
  }
}

TEST(Judge, MistrustsAGateThatWouldPassThem) {
  const Verdict wide = judge_bounded(kRandom, floats(truth()), bounded(5000));
  EXPECT_EQ(wide.status, Status::mistrusted);
  EXPECT_EQ(wide.check, "trivial outputs");
  EXPECT_THAT(wide.reason, HasSubstr("zeros would pass too"));
  EXPECT_EQ(judge_nmse(kRandom, truth(), truth(), 1.5).status, Status::mistrusted);
  std::vector<std::int32_t> poor = truth();
  for (auto& v : poor) v = v * 2 / 5;  // NMSE 0.36: within its bound, and hardly better than zeros
  EXPECT_TRUE(judge_nmse(kRandom, poor, truth(), 0.4).ok());
  for (auto& v : poor) v /= 4;  // NMSE 0.81
  EXPECT_EQ(judge_nmse(kRandom, poor, truth(), 0.9).status, Status::mistrusted);
}

TEST(Judge, MistrustsOutputsThatAreNearlyAllEqual) {
  std::vector<std::int32_t> nearly(64, 7);
  EXPECT_THAT(judge_equal(kRandom, nearly, nearly).reason, HasSubstr("all 64 outputs equal 7"));
  nearly[3] = 1;
  EXPECT_THAT(judge_equal(kRandom, nearly, nearly).reason, HasSubstr("63 of 64 outputs are equal"));
  for (int i = 0; i < 8; ++i) nearly[static_cast<std::size_t>(i)] = i;
  EXPECT_TRUE(judge_equal(kRandom, nearly, nearly).ok());
  const Case zero{.op = "rms_norm", .fill = Fill::zero};
  EXPECT_TRUE(judge_equal(zero, std::vector<int>(64, 0), std::vector<int>(64, 0)).ok()) << "where they must be";
}

TEST(Judge, HoldsNanAndInfinitiesToTheContract) {
  const Case nan{.op = "rms_norm", .fill = Fill::nan}, inf{.op = "rms_norm", .fill = Fill::inf};
  const reference::Bounded truth{{1, NAN, INFINITY, 2}, {0.1, NAN, INFINITY, INFINITY}};
  EXPECT_TRUE(judge_bounded(inf, {1, -kNan, kInf, 100}, truth).ok());
  EXPECT_FALSE(judge_bounded(inf, {1, 0, kInf, 2}, truth).ok()) << "a NaN that vanished";
  EXPECT_FALSE(judge_bounded(inf, {1, kNan, -kInf, 2}, truth).ok());
  EXPECT_FALSE(judge_bounded(inf, {1, kNan, kInf, kNan}, truth).ok()) << "a NaN that spread";
  EXPECT_FALSE(judge_bounded(inf, {2, kNan, kInf, 2}, truth).ok());
  EXPECT_FALSE(judge_bounded(kRandom, {1, kNan, kInf, 2}, truth).ok()) << "only in cases that have them";
  EXPECT_TRUE(judge_equal<float>(nan, {kNan, 1}, {-kNan, 1}).ok());
  EXPECT_FALSE(judge_equal<float>(nan, {kNan, 0.0f}, {kNan, -0.0f}).ok());
}

}  // namespace
}  // namespace bitproof
