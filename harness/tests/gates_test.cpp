#include "gates.hpp"

#include <gmock/gmock.h>

#include "support.hpp"
#include "zoo/made_up_machine.hpp"

namespace bitproof {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::vector<std::int32_t> kPrompt = {1, 2, 3};

std::unique_ptr<Arm> measured(const LoopBench& bench, const ArmSpec& spec) {
  auto arm = std::make_unique<Arm>(bench.model(), spec, shared_clearance().clear(spec.names), 8);
  arm->sample(kPrompt, bench.prefix(std::span(kPrompt).first(2)), 2);
  return arm;
}

ArmSpec spec_of(const std::string& recipe) { return arm_of(parse_recipe(recipe), 1, recipe); }

// Memory that reads at this rate on one thread, behind one cache of 1000 bytes.
CeilingTable ceilings_of(double gb_per_s) {
  CeilingTable table;
  table.caches = {{1, 1000, 1}};
  table.add(made_up_reads(1, gb_per_s));
  return table;
}

TEST(ArmFaults, NameWhatDidNotEngageAndWhatEngagedUnasked) {
  LoopBench bench;
  ArmSpec claims = spec_of("tmac"), hides = spec_of("none");
  std::swap(claims.names, hides.names);
  EXPECT_THAT(faults(*measured(bench, claims), {}, 1), Contains(HasSubstr("tmac: tmac is NOT ENGAGED")));
  EXPECT_THAT(faults(*measured(bench, hides), {}, 1),
              Contains(HasSubstr("none: tmac was not asked for and is engaged")));
}

TEST(ArmFaults, DoNotAskOneCoreForThreads) {
  LoopBench bench;
  ArmSpec claims = spec_of("none");
  claims.techniques = claims.techniques.with(Technique::threading);
  const auto arm = measured(bench, claims);
  EXPECT_THAT(faults(*arm, {}, 2), Contains(HasSubstr("threading is NOT ENGAGED")));
  EXPECT_THAT(faults(*arm, {}, 1), Not(Contains(HasSubstr("threading"))));
}

TEST(ArmFaults, NameARateThatMemoryCannotGive) {
  LoopBench bench;
  const auto arm = measured(bench, spec_of("none"));
  // On a busy machine the placement probe has no reading now and then; on one core it never has.
  for (int tries = 0; tries < 20 && !arm->samples().back().ping_pong_ns; ++tries) arm->sample(kPrompt, {}, 1);
  if (!arm->samples().back().ping_pong_ns) GTEST_SKIP() << "without a reading of the placement no ceiling applies";
  EXPECT_THAT(faults(*arm, ceilings_of(1e-9), 1), Contains(HasSubstr("none: IMPOSSIBLE")));
  EXPECT_THAT(faults(*arm, ceilings_of(1e9), 1), Not(Contains(HasSubstr("IMPOSSIBLE"))));
}

TEST(ArmFaults, AreNoneBeforeTheFirstSample) {
  LoopBench bench;
  const ArmSpec spec = spec_of("none");
  EXPECT_THAT(faults(Arm(bench.model(), spec, shared_clearance().clear(spec.names), 8), {}, 1), IsEmpty());
}

TEST(LogitsAgreement, IsToTheBitWhereTheFloatOpsAreTheSame) {
  LoopBench bench;
  std::vector<std::unique_ptr<Arm>> arms;
  for (const char* recipe : {"none", "tmac", "memory_pool", "kv_cache"})
    arms.push_back(measured(bench, spec_of(recipe)));
  const LogitsAgreement a = compare_logits(arms);
  EXPECT_EQ(a.reference, "none");
  EXPECT_EQ(a.bit_equal, 2) << "tmac and memory_pool with none; kv_cache has another cache";
  EXPECT_THAT(a.faults, IsEmpty());
}

// The second arm decodes another model under the same label of slots.
TEST(LogitsAgreement, RejectsOtherLogits) {
  LoopBench one, other(model_by_name("tiny"), 2);
  std::vector<std::unique_ptr<Arm>> arms;
  arms.push_back(measured(one, spec_of("none")));
  arms.push_back(measured(other, spec_of("tmac")));
  const LogitsAgreement a = compare_logits(arms);
  EXPECT_EQ(a.bit_equal, 0);
  EXPECT_THAT(a.faults, Contains(HasSubstr("tmac: logits of token 0 are not bit-equal to those of none")));
  EXPECT_GT(a.largest_kld, 1e-5);
}

TEST(LogitsAgreement, OfNoArmsIsEmpty) { EXPECT_THAT(compare_logits({}).faults, IsEmpty()); }

}  // namespace
}  // namespace bitproof
