#include "token_physics.hpp"

#include <gmock/gmock.h>

#include "synthetic_model.hpp"
#include "zoo/made_up_machine.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr WeightBytes kTwoBits{4096 * 4096 / 4,  4096 * 4096 / 4,  4096 * 4096 / 4,  4096 * 4096 / 4,
                               11008 * 4096 / 4, 11008 * 4096 / 4, 11008 * 4096 / 4, 32000 * 4096};
constexpr LoopTraits kDirect{.layers = 32, .looks_up = false, .keeps_past = true};
constexpr LoopTraits kLooksUp{.layers = 32, .looks_up = true, .keeps_past = true};
constexpr LoopTraits kRecomputes{.layers = 32, .looks_up = false, .keeps_past = false};

// A token of the 7B shape at depth 16 whose ops take what the made-up machine needs for them, times `slack`.
Ledger honest_token(const LoopTraits& traits, double slack) {
  Ledger ledger;
  add_expected(ledger, model_by_name("7b"), kTwoBits, Decode{16, 1, traits.keeps_past, 2048});
  for (int i = 0; i < kLoopOpCount; ++i) {
    const Work work = op_work(static_cast<LoopOp>(i), ledger, traits);
    ledger.entry[i].ns = slack * least_ns(limits(work, 1, kOneState, made_up_machine()));
  }
  return ledger;
}

std::string fault_of(const Ledger& ledger, const LoopTraits& traits, double token_ns) {
  return impossible(judge_token(ledger, token_ns, traits, 1, kOneState, made_up_machine()));
}

double least_token_ns(const Ledger& ledger, const LoopTraits& traits) {
  return least_ns(limits(token_work(ledger, traits), 1, kOneState, made_up_machine()));
}

TEST(TokenPhysics, AnHonestTokenIsPossible) {
  for (const LoopTraits& traits : {kDirect, kLooksUp, kRecomputes}) {
    const Ledger ledger = honest_token(traits, 1.5);
    EXPECT_THAT(fault_of(ledger, traits, ledger.total_ns()), IsEmpty());
    EXPECT_THAT(fault_of(ledger, traits, 1.5 * least_token_ns(ledger, traits)), IsEmpty());
  }
}

// A layer sold as a token: the ledger is a token's, the time a layer's.
TEST(TokenPhysics, ALayersTimeForATokensWorkIsImpossible) {
  for (const LoopTraits& traits : {kDirect, kLooksUp, kRecomputes}) {
    const Ledger ledger = honest_token(traits, 1.5);
    EXPECT_THAT(fault_of(ledger, traits, 1.5 * least_token_ns(ledger, traits) / 32), HasSubstr("IMPOSSIBLE: token"));
  }
}

TEST(TokenPhysics, OneOpTenTimesTooFastIsImpossible) {
  for (const LoopOp op :
       {LoopOp::matmul_q, LoopOp::matmul_down, LoopOp::lm_head, LoopOp::attention, LoopOp::kv_append}) {
    Ledger ledger = honest_token(kDirect, 1.5);
    ledger[op].ns /= 15;
    EXPECT_THAT(fault_of(ledger, kDirect, ledger.total_ns()), HasSubstr(std::string("IMPOSSIBLE: ") + name(op)));
  }
}

TEST(TokenPhysics, CountsTheOthersInOneLine) {
  Ledger ledger = honest_token(kDirect, 1.5);
  for (Entry& e : ledger.entry) e.ns /= 15;
  EXPECT_THAT(fault_of(ledger, kDirect, ledger.total_ns()),
              AllOf(HasSubstr("IMPOSSIBLE: token"), HasSubstr("; and "), HasSubstr(" of its parts")));
}

// Look-ups stand for several multiply-adds each: more of those than the machine can do is possible, more look-ups is
// not.
TEST(TokenPhysics, LookUpsAreNotHeldAgainstMultiplyAdds) {
  Ledger ledger;
  add_expected(ledger, model_by_name("7b"), kTwoBits, Decode{16, 1, true, 2048});
  EXPECT_EQ(op_work(LoopOp::matmul_q, ledger, kLooksUp)[OpKind::multiply_add], 0);
  EXPECT_EQ(op_work(LoopOp::matmul_q, ledger, kLooksUp)[OpKind::look_up], ledger[LoopOp::matmul_q].bytes);
  EXPECT_EQ(op_work(LoopOp::lm_head, ledger, kLooksUp)[OpKind::multiply_add], ledger[LoopOp::lm_head].ops)
      << "the head has no tables";
  Ledger recomputed;
  add_expected(recomputed, model_by_name("7b"), kTwoBits, Decode{16, 1, false, 2048});
  EXPECT_EQ(op_work(LoopOp::matmul_q, recomputed, kLooksUp)[OpKind::look_up], 17 * recomputed[LoopOp::matmul_q].bytes)
      << "for every position anew";
}

// Without a cache that keeps the past, one layer's keys and values are written and read again in every layer: caches
// may hold them, however many bytes that is over all layers.
TEST(TokenPhysics, RecomputedKeysComeFromCaches) {
  Ledger ledger;
  add_expected(ledger, model_by_name("7b"), kTwoBits, Decode{16, 1, false, 2048});
  const Work work = op_work(LoopOp::attention, ledger, kRecomputes);
  EXPECT_EQ(work.read_bytes, 17.0 * 1048576);
  EXPECT_EQ(work.cycle_bytes, 17.0 * 1048576 / 32);
  EXPECT_LT(token_work(ledger, kRecomputes).read_bytes, ledger.total_bytes());
}

TEST(TokenPhysics, TraitsAreThoseOfTheVariants) {
  const ModelShape shape = model_by_name("tiny");
  const LoopTraits none = traits_of(shape, recipe_names(kNoTechniques));
  EXPECT_FALSE(none.looks_up);
  EXPECT_FALSE(none.keeps_past);
  EXPECT_EQ(none.layers, shape.layers);
  EXPECT_TRUE(traits_of(shape, recipe_names(parse_recipe("tmac"))).looks_up);
  EXPECT_TRUE(traits_of(shape, recipe_names(parse_recipe("kv_cache"))).keeps_past);
}

}  // namespace
}  // namespace bitproof
