#include "attribution.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "support.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

TEST(AttributionArms, AreTheCornersOfTheLattice) {
  BITPROOF_NEEDS_SIMD();
  for (const bool left_out : {false, true}) {
    const std::vector<ArmSpec> arms = attribution_arms(2, left_out);
    ASSERT_EQ(arms.size(), left_out ? 14u : 8u);
    std::set<std::string> labels;
    for (const ArmSpec& a : arms) {
      labels.insert(a.label);
      EXPECT_EQ(techniques_of(a.names), a.techniques) << a.label;
      EXPECT_EQ(a.threads, a.techniques.has(Technique::threading) ? 2 : 1) << a.label;
    }
    EXPECT_EQ(labels.size(), arms.size());
  }
}

class Attributed : public testing::Test {
 protected:
  void SetUp() override { BITPROOF_NEEDS_SIMD(); }

  // Samples of two rounds of the tiny model in these arms.
  Attribution of(const std::vector<ArmSpec>& specs) {
    bench_ = std::make_unique<Workbench>(WorkbenchOptions{.model = "tiny", .depth = 3}, specs, shared_clearance());
    const Schedule schedule{.depth = 3, .rounds = 2, .fill_s = 0};
    EXPECT_EQ(run_rounds(bench_->arms(), bench_->prompt(), bench_->prefix(), schedule, {}, {}), 2);
    return attribute(bench_->arms());
  }

  std::unique_ptr<Workbench> bench_;
};

TEST_F(Attributed, AnotherRecipeOfTheSameTechniquesIsNoCell) {
  const Techniques set = kAllTechniques.without(Technique::tmac);
  std::vector<ArmSpec> specs = {arm_of(kNoTechniques, 1), arm_of(kAllTechniques, 1),
                                arm_of(set, 1, "best on 1 thread")};
  specs[2].names["ternary_matmul"] = "ternary_matmul/base3.avx2:pf32";
  EXPECT_EQ(of(specs).cells_measured, 2);
  specs[2] = arm_of(set, 1, "all but tmac");
  const Attribution a = of(specs);
  EXPECT_EQ(a.cells_measured, 3);
  EXPECT_TRUE(a.techniques[static_cast<std::size_t>(Technique::tmac)].without);
}

TEST_F(Attributed, EachAloneOverNoneAndNothingThatWasNotMeasured) {
  const Attribution a = of(attribution_arms(2, false));
  EXPECT_EQ(a.cells_measured, 8);
  ASSERT_TRUE(a.total);
  EXPECT_EQ(a.total->ratios.size(), 2u) << "paired within rounds";
  ASSERT_EQ(a.techniques.size(), static_cast<std::size_t>(kTechniqueCount));
  const auto rate = [](const Arm& arm, std::size_t round) { return arm.samples()[round].tok_per_s(); };
  for (std::size_t i = 0; i < a.techniques.size(); ++i) {
    const TechniqueCredit& c = a.techniques[i];
    ASSERT_TRUE(c.alone) << c.name;
    const Arm& alone = *bench_->arms()[2 + i];
    for (std::size_t round = 0; round < 2; ++round) {
      EXPECT_DOUBLE_EQ(c.alone->ratios[round], rate(alone, round) / rate(*bench_->arms()[0], round));
    }
    EXPECT_FALSE(c.without) << "no arm without it was measured";
    EXPECT_TRUE(c.engaged) << c.name << ": " << c.evidence;
    ASSERT_TRUE(c.most_alone) << c.name;
    EXPECT_GE(c.most_alone->most, 1) << c.name;
    EXPECT_FALSE(c.most_without) << "its arm was not measured";
    const bool allowed = c.verdict_alone == Credit::possible || c.verdict_alone == Credit::noise;
    ASSERT_EQ(c.realization_low && c.realization_high, allowed) << c.name;
    if (allowed) {
      EXPECT_LE(*c.realization_low, *c.realization_high);
      EXPECT_EQ(*c.credited, std::min(c.alone->geometric_mean, c.most_alone->most));
    }
  }
  // Promised 2-3: of a gain of g - 1, half is realized by the one promise and all of it by the other.
  const TechniqueCredit& cache = a.techniques[static_cast<std::size_t>(Technique::kv_cache)];
  EXPECT_EQ(cache.expected, "2-3");
  if (cache.verdict_alone != Credit::possible)
    GTEST_SKIP() << "a busy machine: its ratio is above what its share allows";
  const double gain = *cache.credited - 1;
  EXPECT_DOUBLE_EQ(*cache.realization_low, std::min(gain / 2, gain));
  EXPECT_DOUBLE_EQ(*cache.realization_high, std::max(gain / 2, gain));
}

TEST_F(Attributed, LeftOutIsAllOverAllButIt) {
  const Techniques without = kAllTechniques.without(Technique::simd);
  const Attribution a = of({arm_of(kAllTechniques, 2), arm_of(without, 2)});
  EXPECT_EQ(a.cells_measured, 2);
  EXPECT_FALSE(a.total) << "none was not measured";
  for (const TechniqueCredit& c : a.techniques) {
    EXPECT_FALSE(c.alone) << c.name;
    EXPECT_FALSE(c.realization_low) << c.name;
    EXPECT_EQ(c.without.has_value(), c.technique == Technique::simd) << c.name;
  }
}

// An arm that wants tmac and runs direct products: no credit, whatever its ratio.
TEST_F(Attributed, WhatDidNotEngageGetsNoCredit) {
  ArmSpec lies = arm_of(Techniques{}.with(Technique::tmac), 1);
  lies.names = recipe_names(kNoTechniques);
  const Attribution a = of({arm_of(kNoTechniques, 1), lies});
  const TechniqueCredit& tmac = a.techniques[static_cast<std::size_t>(Technique::tmac)];
  EXPECT_TRUE(tmac.alone);
  EXPECT_FALSE(tmac.engaged);
  EXPECT_FALSE(tmac.realization_low);
  EXPECT_THAT(tmac.evidence, testing::HasSubstr("no dispatched variant looks up"));
}

TEST_F(Attributed, WhatNoArmWantedIsNotEngaged) {
  const Attribution a = of({arm_of(kNoTechniques, 1)});
  for (const TechniqueCredit& c : a.techniques) {
    EXPECT_FALSE(c.engaged);
    EXPECT_EQ(c.evidence, "no arm with it was measured");
  }
}

// Ratios as they might have been measured, all else as it was.
RatioEstimate claimed(double ratio) {
  const double faster[] = {ratio, 1.01 * ratio, 0.99 * ratio}, slower[] = {1, 1, 1};
  return ratio_estimate(faster, slower);
}

TEST(AttributionFaults, NameTheCreditThatItsShareForbids) {
  const Bound pool{1.02, 0.02, "allocation and page faults"};
  TechniqueCredit c{
      .name = "memory_pool", .technique = Technique::memory_pool, .alone = claimed(83.26), .most_alone = pool};
  c.verdict_alone = judge_credit(*c.alone, pool);
  const std::vector<std::string> list = faults(Attribution{.techniques = {c}, .total = std::nullopt});
  ASSERT_EQ(list.size(), 1u);
  EXPECT_THAT(list[0],
              testing::AllOf(testing::HasSubstr("memory_pool alone: IMPOSSIBLE: 83.26x"), testing::HasSubstr("98.8 %"),
                             testing::HasSubstr("2.0 %"), testing::HasSubstr("allocation and page faults")));

  c.alone = claimed(1.01);
  c.verdict_alone = judge_credit(*c.alone, pool);
  EXPECT_TRUE(faults(Attribution{.techniques = {c}, .total = std::nullopt}).empty());

  c.without = claimed(10);
  c.most_without = pool;
  c.verdict_without = judge_credit(*c.without, pool);
  EXPECT_THAT(faults(Attribution{.techniques = {c}, .total = std::nullopt}),
              testing::ElementsAre(testing::HasSubstr("memory_pool in all: IMPOSSIBLE")));
}

TEST(Attribution, OfNoArmsIsEmpty) {
  const Attribution a = attribute(std::span<const std::unique_ptr<Arm>>{});
  EXPECT_EQ(a.cells_measured, 0);
  EXPECT_FALSE(a.total);
}

}  // namespace
}  // namespace bitproof
