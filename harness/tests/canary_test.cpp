#include "canary.hpp"

#include <gmock/gmock.h>

#include "arm.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

Canary of(const std::vector<Canary>& all, const std::string& op) {
  for (const Canary& c : all) {
    if (c.op == op) return c;
  }
  ADD_FAILURE() << "no canary of " << op;
  return {};
}

class Canaries : public testing::Test {
 protected:
  std::vector<Canary> run(const RecipeNames& names, int threads, const MakeDecoder& make = TokenLoop::make) {
    return CanaryBench(*model_).run(shared_clearance().clear(names), threads, make);
  }
  std::unique_ptr<PackedModel> model_ = tiny_in_every_form(1);
};

TEST_F(Canaries, AnswerInEverySlotOfALoopThatRunsItsRecipe) {
  for (const char* recipe : {"none", "all", "default"}) {
    if (recipe != std::string("none") && !machine_has_simd()) continue;
    const std::vector<Canary> all = run(recipe_names(parse_recipe(recipe)), recipe == std::string("default") ? 2 : 1);
    EXPECT_EQ(all.size(), all_ops().size());
    for (const Canary& c : all) {
      EXPECT_TRUE(c.verdict.ok()) << recipe << ": " << c.verdict.check << ": " << c.verdict.reason;
      EXPECT_TRUE(c.changed) << c.id;
      EXPECT_GE(c.slowed_ns, c.expected_ns / 2) << c.id;
    }
  }
}

TEST_F(Canaries, CountTheCallsOfAToken) {
  const std::vector<Canary> all = run(best(), 1);
  EXPECT_EQ(of(all, "ternary_matmul").calls, 3 * 7);
  EXPECT_EQ(of(all, "rms_norm").calls, 3 * 4 + 1);
  EXPECT_EQ(of(all, "dense_matmul").calls, 1);
}

// The loop runs the scalar norm whatever its recipe says.
TEST_F(Canaries, FallSilentWhereAnotherVariantRuns) {
  const Recipe scalar = shared_clearance().clear(with(best(), "rms_norm=scalar"));
  const auto make = [&](const PackedModel& model, LoopSlots slots, int threads, std::int64_t capacity, ClockNs clock) {
    slots.rms_norm_slot = scalar.rms_norm_slot;
    return TokenLoop::make(model, slots, threads, capacity, clock);
  };
  const std::vector<Canary> all = run(best(), 1, make);
  EXPECT_EQ(of(all, "rms_norm").verdict.check, "call count");
  EXPECT_THAT(of(all, "rms_norm").verdict.reason, HasSubstr("NOT ENGAGED"));
  EXPECT_FALSE(of(all, "rms_norm").changed);
  EXPECT_TRUE(of(all, "rope").verdict.ok());
}

static_assert(!std::is_constructible_v<Slot<rope::Kernel>, const rope::Kernel&, std::string>,
              "a twin cannot be put into a slot by anybody else");
static_assert(!std::is_constructible_v<Arm, const PackedModel&, ArmSpec, const LoopSlots&, std::int64_t>,
              "slots, which may hold a twin, cannot be timed");

}  // namespace
}  // namespace bitproof
