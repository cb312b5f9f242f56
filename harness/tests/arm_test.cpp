#include "arm.hpp"

#include <gmock/gmock.h>

#include <cstring>
#include <map>

#include "allocation_count.hpp"
#include "support.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

constexpr int kThreads = 2;
constexpr std::int64_t kDepth = 6;

class Arms : public testing::Test {
 protected:
  Arms() {
    if (!machine_has_simd()) return;
    bench_ = std::make_unique<Workbench>(WorkbenchOptions{.model = "tiny", .depth = kDepth, .tokens = 3},
                                         std::vector{arm_of(kNoTechniques, kThreads), arm_of(kAllTechniques, kThreads)},
                                         shared_clearance());
  }
  void SetUp() override { BITPROOF_NEEDS_SIMD(); }

  Arm& none() { return *bench_->arms()[0]; }
  Arm& all() { return *bench_->arms()[1]; }

  std::unique_ptr<Workbench> bench_;
};

TEST_F(Arms, CountTokensThatCameOut) {
  const auto sample = all().sample(bench_->prompt(), bench_->prefix(), 3, 2);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->tokens, 6);
  EXPECT_GT(sample->wall_ns, 0);
  EXPECT_EQ(all().ledger().tokens, 6);
  EXPECT_EQ(all().ledger().positions, 6);
  EXPECT_EQ(difference(all().ledger(), all().expected()), "");
  EXPECT_EQ(all().samples().size(), 1u);
}

TEST_F(Arms, RecomputeEveryPositionWithoutACache) {
  ASSERT_TRUE(none().sample(bench_->prompt(), bench_->prefix(), 1));
  EXPECT_EQ(none().ledger().positions, kDepth + 1);
  EXPECT_EQ(difference(none().ledger(), none().expected()), "");
}

TEST_F(Arms, KeepTheLogitsOfTheFirstTokenAfterThePrefix) {
  ASSERT_TRUE(all().sample(bench_->prompt(), bench_->prefix(), 3));
  Decoder& loop = all().loop();
  loop.restore(bench_->prompt().first(kDepth), bench_->prefix());
  loop.next(bench_->prompt().back());
  EXPECT_EQ(all().logits(), std::vector<float>(loop.logits().begin(), loop.logits().end()));
  const std::uint64_t hash = all().logits_hash();
  ASSERT_TRUE(all().sample(bench_->prompt(), bench_->prefix(), 2));
  EXPECT_EQ(all().logits_hash(), hash);
}

TEST_F(Arms, WitnessWhatRanAndNotWhatWasAskedFor) {
  ASSERT_TRUE(none().sample(bench_->prompt(), bench_->prefix(), 1));
  ASSERT_TRUE(all().sample(bench_->prompt(), bench_->prefix(), 1));
  for (const Witness& w : none().witnesses()) {
    EXPECT_FALSE(w.wanted) << name(w.technique);
    EXPECT_FALSE(w.engaged) << name(w.technique) << ": " << w.evidence;
    EXPECT_NE(w.evidence, "");
  }
  for (const Witness& w : all().witnesses()) {
    EXPECT_TRUE(w.wanted) << name(w.technique);
    EXPECT_TRUE(w.engaged) << name(w.technique) << ": " << w.evidence;
  }
}

// By the allocator's own count: neither the pool, nor the loop, nor the threads' start.
TEST_F(Arms, AllocateNothingATokenWithAPool) {
  if (!allocations()) GTEST_SKIP() << allocations_why();
  const auto pooled = all().sample(bench_->prompt(), bench_->prefix(), 3, 2);
  EXPECT_EQ(pooled->allocations, 0);
  const auto fresh = none().sample(bench_->prompt(), bench_->prefix(), 1);
  const std::int64_t blocks = none().ledger()[LoopOp::memory].calls / 2;  // each is taken and given back
  EXPECT_EQ(fresh->allocations, blocks);
}

// An arm that says it has all six, with the slots of one that has none.
TEST(Witnesses, DoNotBelieveALabel) {
  BITPROOF_NEEDS_SIMD();
  ArmSpec lies = arm_of(kAllTechniques, kThreads, "all");
  lies.names = recipe_names(kNoTechniques);
  Workbench bench({.model = "tiny", .depth = 2}, {lies}, shared_clearance());
  ASSERT_TRUE(bench.arms()[0]->sample(bench.prompt(), bench.prefix(), 1));
  for (const Witness& w : bench.arms()[0]->witnesses()) {
    EXPECT_TRUE(w.wanted);
    EXPECT_FALSE(w.engaged) << name(w.technique) << ": " << w.evidence;
  }
}

TEST_F(Arms, AreSampledOnceARoundInAnOrderOfTheirOwn) {
  std::map<std::string, int> begun;
  std::vector<double> fractions;
  int rounds = 0;
  const Schedule schedule{.depth = kDepth, .rounds = 3, .seed = 1, .fill_s = 0};
  const int done = run_rounds(
      bench_->arms(), bench_->prompt(), bench_->prefix(), schedule,
      [&](const ArmProgress& p) {
        ++begun[p.label];
        EXPECT_EQ(p.round, rounds + 1);
        EXPECT_EQ(p.rounds, 3);
        EXPECT_TRUE(p.fraction >= 0 && p.fraction <= 1) << p.fraction;
      },
      [&] { ++rounds; });
  EXPECT_EQ(done, 3);
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(begun, (std::map<std::string, int>{{"none", 3}, {"all", 3}}));
  for (const auto& arm : bench_->arms()) {
    EXPECT_EQ(arm->samples().size(), 3u);
    EXPECT_EQ(arm->tok_per_s().samples.size(), 3u);
  }
}

TEST_F(Arms, StartNothingWithoutBudget) {
  const Schedule schedule{.depth = kDepth, .rounds = 5, .budget_s = -1};
  EXPECT_EQ(run_rounds(bench_->arms(), bench_->prompt(), bench_->prefix(), schedule, {}, {}), 0);
  EXPECT_TRUE(all().samples().empty());
  EXPECT_TRUE(none().samples().empty());
}

TEST_F(Arms, ShareOneModelAndOnePrefix) {
  EXPECT_EQ(std::ssize(bench_->prompt()), kDepth + 1);
  EXPECT_EQ(bench_->prefix().positions, kDepth);
  EXPECT_EQ(bench_->shape().layers, model_by_name("tiny").layers);
}

TEST(Workbench, RefusesSizesThatDoNotFit) {
  const auto refused = [](const WorkbenchOptions& options) {
    return refusal([&] { Workbench bench(options, {}, shared_clearance()); });
  };
  EXPECT_THAT(refused({.model = "tiny", .tokens = 0}), HasSubstr("--tokens 0"));
  EXPECT_THAT(refused({.model = "tiny", .depth = -1}), HasSubstr("--depth -1"));
  EXPECT_THAT(refused({.model = "tiny", .layers = 4}), HasSubstr("--layers 4: model tiny has 3 layers"));
  EXPECT_THAT(refused({.model = "tiny", .depth = 256, .tokens = 1}), HasSubstr("over the context of 256"));
  EXPECT_THAT(refused({.model = "huge"}), HasSubstr("no model is named 'huge'"));
}

TEST(Threads, AreAtMostTheCoresUnlessAskedTwice) {
  const int cores = choose_threads(0, false);
  EXPECT_GE(cores, 1);
  EXPECT_EQ(choose_threads(cores, false), cores);
  EXPECT_THAT(refusal([&] { choose_threads(cores + 1, false); }), HasSubstr("--oversubscribe"));
  EXPECT_EQ(choose_threads(cores + 1, true), cores + 1);
  EXPECT_THAT(refusal([] { choose_threads(-1, true); }), HasSubstr("--threads -1: at least 1"));
  EXPECT_THAT(refusal([] { choose_threads(65, true); }), HasSubstr("at most 64"));
}

}  // namespace
}  // namespace bitproof
