#include "amdahl.hpp"

#include <gmock/gmock.h>

#include <cmath>

namespace bitproof {
namespace {

// A token of 100 ms: 80 in ternary products (q), 5 in the head, 10 in norms, 2 in allocation, 3 that no op owns.
TokenTime token(double faults_ms = 0, std::int64_t positions = 1) {
  TokenTime t{.ledger = {}, .wall_ns = 100e6, .unbooked_ns = 3e6, .faults_ns = faults_ms * 1e6};
  t.ledger.tokens = 2;
  t.ledger.positions = 2 * positions;
  for (const auto& [op, ms] :
       {std::pair{LoopOp::matmul_q, 80}, {LoopOp::lm_head, 5}, {LoopOp::rms_norm, 10}, {LoopOp::memory, 2}}) {
    t.ledger[op].ns = 2 * ms * 1e6;
  }
  return t;
}

double most(const Change& change, const TokenTime& t) { return amdahl_bound(change, t).most; }

// Three rounds within a few per cent.
RatioEstimate measured(double ratio) {
  const double faster[] = {ratio, 1.02 * ratio, 0.98 * ratio}, slower[] = {1, 1, 1};
  return ratio_estimate(faster, slower);
}

Credit credit(double ratio, const Bound& bound) { return judge_credit(measured(ratio), bound); }

// 0.68 tok/s before and 56.62 after, "83.26x from memory pooling".
TEST(Amdahl, TheClaimedPoolNeedsNearlyAllTimeInAllocation) {
  EXPECT_NEAR(share_for(83.26), 0.988, 0.0001);
  const Bound bound = amdahl_bound({.technique = Technique::memory_pool}, token());
  EXPECT_NEAR(bound.most, 100.0 / 98, 1e-9);
  EXPECT_NEAR(bound.share, 0.02, 1e-9);
  EXPECT_EQ(credit(83.26, bound), Credit::impossible);

  // A baseline that does spend 98.8 % of 1000 / 0.68 ms in allocation may gain as much.
  TokenTime allocating{.ledger = {}, .wall_ns = 1e9 / 0.68, .unbooked_ns = 0, .faults_ns = 0};
  allocating.ledger.tokens = allocating.ledger.positions = 1;
  allocating.ledger[LoopOp::memory].ns = allocating.wall_ns * share_for(83.26);
  const Bound allowed = amdahl_bound({.technique = Technique::memory_pool}, allocating);
  EXPECT_NEAR(allowed.most, 83.26, 1e-6);
  EXPECT_EQ(credit(80, allowed), Credit::possible);
}

TEST(Amdahl, PageFaultsAreThePoolsWhereverTheyLand) {
  EXPECT_NEAR(most({.technique = Technique::memory_pool}, token(48)), 2, 1e-9);
  EXPECT_TRUE(std::isinf(most({.technique = Technique::memory_pool}, token(1000))))
      << "an estimate beyond the token's time bounds nothing";
}

TEST(Amdahl, ThreadsDivideEverything) {
  const Bound bound = amdahl_bound({.technique = Technique::threading, .threads = 2}, token());
  EXPECT_EQ(bound.most, 2);
  EXPECT_EQ(credit(1.9, bound), Credit::possible);
  EXPECT_EQ(credit(20, bound), Credit::impossible);
}

TEST(Amdahl, ACacheSavesPositionsButNotTheHead) {
  const Change change{.technique = Technique::kv_cache};
  // 5 of the head, and a tenth of the 90 that are neither head nor allocation nor unbooked.
  EXPECT_NEAR(most(change, token(0, 10)), 100.0 / (5 + 90 / 10.0), 1e-9);
  EXPECT_LT(most(change, token(0, 1000)), 20) << "the head remains";
  EXPECT_EQ(credit(6, amdahl_bound(change, token(0, 10))), Credit::possible);
  EXPECT_EQ(credit(70, amdahl_bound(change, token(0, 10))), Credit::impossible);
}

TEST(Amdahl, TheOthersSaveTheOpsTheyReplace) {
  EXPECT_NEAR(most({.technique = Technique::tmac, .slots = {"ternary_matmul"}}, token()), 100.0 / 17, 1e-9);
  EXPECT_NEAR(most({.technique = Technique::prefetch, .slots = {"ternary_matmul", "dense_matmul"}}, token()),
              100.0 / 12, 1e-9);
  const std::set<std::string> arithmetic = {"ternary_matmul", "dense_matmul", "rms_norm"};
  EXPECT_NEAR(most({.technique = Technique::simd, .slots = arithmetic}, token()), 100.0 / 2, 1e-9);
  EXPECT_DOUBLE_EQ(most({.technique = Technique::tmac, .slots = {"attention"}}, token()), 100.0 / 97)
      << "no time in it but the unbooked";
}

TEST(Amdahl, AnOpCannotFallBelowItsLeastTime) {
  Change change{.technique = Technique::tmac, .slots = {"ternary_matmul"}};
  change.least_ns[static_cast<std::size_t>(LoopOp::matmul_q)] = 30e6;
  EXPECT_NEAR(most(change, token()), 100.0 / 47, 1e-9);
  change.least_ns[static_cast<std::size_t>(LoopOp::matmul_q)] = 300e6;
  EXPECT_NEAR(most(change, token()), 100.0 / 97, 1e-9) << "and never saves less than nothing";
}

TEST(Credit, NoiseAboveTheBoundIsNoFault) {
  const Bound bound{2, 0.5, "everything"};
  EXPECT_EQ(credit(2, bound), Credit::possible);
  EXPECT_EQ(credit(2.1, bound), Credit::noise) << "its interval reaches below the bound and its margin";
  EXPECT_EQ(credit(3, bound), Credit::impossible);
  const double one[] = {3.0}, other[] = {1.0};
  EXPECT_EQ(judge_credit(ratio_estimate(one, other), bound), Credit::noise) << "one round proves nothing";
  EXPECT_EQ(judge_credit(measured(3), bound, 1.8), Credit::noise) << "one arm had 1.8 times the bandwidth";
  EXPECT_EQ(judge_credit(measured(30), bound, 1.8), Credit::impossible);
  EXPECT_EQ(judge_credit(measured(30), bound, std::nullopt), Credit::not_judged);
}

}  // namespace
}  // namespace bitproof
