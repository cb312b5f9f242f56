#include "loop_trial.hpp"

#include <gmock/gmock.h>

#include "gates.hpp"
#include "support.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

using testing::Contains;
using testing::HasSubstr;

// Without threads: parallel tests share two cores, where a barrier takes milliseconds.
ArmSpec best_spec() {
  return arm_of(parse_recipe(machine_has_simd() ? "memory_pool,simd,kv_cache" : "memory_pool,kv_cache"), 1);
}

const LoopJudge& judge() {
  static const LoopJudge shared;
  return shared;
}

TEST(LoopTrial, PassesTheLoopOfEveryKindOfRecipe) {
  for (const char* recipe : {"none", "all", "default", "kv_cache"}) {
    const Techniques set = parse_recipe(recipe);
    if (set.has(Technique::simd) && !machine_has_simd()) continue;
    const ArmSpec spec = arm_of(set, 1);
    const LoopTrial trial = judge().judge(spec, shared_clearance().clear(spec.names));
    EXPECT_TRUE(trial.verdict.ok()) << recipe << ": " << trial.verdict.check << ": " << trial.verdict.reason;
    EXPECT_EQ(trial.canaries.size(), all_ops().size());
    EXPECT_GT(trial.layers.steps, 0);
  }
}

// A model of another seed: as good as a loop that computes something else.
TEST(LoopTrial, RejectsALoopOfAnotherModel) {
  const auto other = tiny_in_every_form(2);
  const auto make = [&](const PackedModel&, const LoopSlots& slots, int threads, std::int64_t capacity, ClockNs clock) {
    return TokenLoop::make(*other, slots, threads, capacity, clock);
  };
  const ArmSpec spec = best_spec();
  const LoopTrial trial = judge().judge(spec, shared_clearance().clear(spec.names), make);
  EXPECT_FALSE(trial.verdict.ok());
}

TEST(LoopTrial, WithoutACanaryATechniqueGetsNoCredit) {
  BITPROOF_NEEDS_SIMD();
  Workbench bench({.model = "tiny", .depth = 2}, {best_spec(), best_spec()}, shared_clearance());
  bench.try_loops();
  Arm& arm = *bench.arms()[0];
  ASSERT_TRUE(arm.trial());
  EXPECT_EQ(arm.trial(), bench.arms()[1]->trial()) << "one trial a recipe";
  ASSERT_TRUE(arm.sample(bench.prompt(), bench.prefix(), 1));
  const auto pool = [&] { return arm.witnesses()[static_cast<std::size_t>(Technique::memory_pool)]; };
  const auto simd = [&] { return arm.witnesses()[static_cast<std::size_t>(Technique::simd)]; };
  EXPECT_TRUE(pool().engaged) << pool().evidence;

  LoopTrial silent = *arm.trial();
  for (Canary& c : silent.canaries) {
    if (c.op == "memory") c.verdict = Verdict::failed("memory/pool: NOT ENGAGED: nothing happened", "canary");
  }
  silent.verdict = Verdict::failed("memory/pool: NOT ENGAGED: nothing happened", "canary");
  arm.set_trial(std::make_shared<LoopTrial>(silent));
  EXPECT_FALSE(pool().engaged);
  EXPECT_THAT(pool().evidence, HasSubstr("nothing happened"));
  EXPECT_TRUE(simd().engaged) << "the other techniques keep theirs";
  EXPECT_THAT(faults(arm, {}, 2), Contains(HasSubstr("canary: memory/pool: NOT ENGAGED")));
}

}  // namespace
}  // namespace bitproof
