#include "ledger.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "synthetic_model.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

constexpr WeightBytes kTwoBits{4096 * 4096 / 4,  4096 * 4096 / 4,  4096 * 4096 / 4,  4096 * 4096 / 4,
                               11008 * 4096 / 4, 11008 * 4096 / 4, 11008 * 4096 / 4, 32000 * 4096};

Ledger token_at(std::int64_t depth, std::int64_t visible = 2048) {
  Ledger ledger;
  add_expected(ledger, model_by_name("7b"), kTwoBits, PassShape{depth, 1, visible});
  return ledger;
}

template <double Entry::*kField>
double ternary(const Ledger& ledger) {
  double sum = 0;
  for (const LoopOp op : {LoopOp::matmul_q, LoopOp::matmul_k, LoopOp::matmul_v, LoopOp::matmul_o, LoopOp::matmul_gate,
                          LoopOp::matmul_up, LoopOp::matmul_down}) {
    sum += ledger[op].*kField;
  }
  return sum;
}

// By hand, 7B: 32 layers x (4 x 4096^2 + 3 x 4096 x 11008) = 6,476,005,376 ternary weights, each one multiply-add.
TEST(ExpectedLedger, OfA7BToken) {
  const Ledger l = token_at(16);
  EXPECT_EQ(ternary<&Entry::ops>(l), 2.0 * 6476005376);
  EXPECT_EQ(ternary<&Entry::bytes>(l), 6476005376 / 4.0);
  EXPECT_EQ(l[LoopOp::lm_head].ops, 2.0 * 131072000);
  EXPECT_EQ(l[LoopOp::lm_head].bytes, 131072000.0);
  EXPECT_EQ(l[LoopOp::embedding].bytes, 4096.0);
  // 17 visible positions x 32 layers x 32 heads x 128 x (score + value) x 2.
  EXPECT_EQ(l[LoopOp::attention].ops, 17.0 * 32 * 4096 * 4);
  // Keys and values in float: 2 x 4096 x 4 bytes a layer and position, 1 MiB a position.
  EXPECT_EQ(l[LoopOp::attention].bytes, 17.0 * 1048576);
  EXPECT_EQ(l[LoopOp::kv_append].bytes, 1048576.0);
  EXPECT_EQ(l.tokens, 1);
  EXPECT_EQ(l.positions, 1);
}

// A position of the 7B model: half floats are half of that, int8 rows a quarter and a scale for each of 2 x 32 x 32
// rows.
TEST(ExpectedLedger, BooksTheBytesOfWhatTheCacheKeeps) {
  using kv_cache::Element;
  for (const auto& [element, position] : {std::pair(Element::f32, 1048576.0), std::pair(Element::f16, 524288.0),
                                          std::pair(Element::q8, 262144.0 + 2048 * 4)}) {
    Ledger l;
    add_expected(l, model_by_name("7b"), kTwoBits, Decode{16, 1, true, 2048, element});
    EXPECT_EQ(l[LoopOp::attention].bytes, 17 * position);
    EXPECT_EQ(l[LoopOp::kv_append].bytes, position);
  }
}

TEST(ExpectedLedger, CallsOfA7BToken) {
  const Ledger l = token_at(0);
  for (const LoopOp op :
       {LoopOp::matmul_q, LoopOp::matmul_down, LoopOp::attention, LoopOp::kv_append, LoopOp::gated_ffn}) {
    EXPECT_EQ(l[op].calls, 32) << name(op);
  }
  EXPECT_EQ(l[LoopOp::rms_norm].calls, 32 * 4 + 1) << "two norms and two sub-norms a layer, one before the head";
  EXPECT_EQ(l[LoopOp::activation_quant].calls, 32 * 4 + 1) << "q k v share one, gate and up share one";
  EXPECT_EQ(l[LoopOp::matmul_prepare].calls, 32 * 4);
  EXPECT_EQ(l[LoopOp::rope].calls, 32 * 2);
  EXPECT_EQ(l[LoopOp::dequantize].calls, 32 * 7 + 1);
  EXPECT_EQ(l[LoopOp::residual_add].calls, 32 * 2);
  EXPECT_EQ(l[LoopOp::lm_head].calls, 1);
  EXPECT_EQ(l[LoopOp::sampling].calls, 1);
}

TEST(ExpectedLedger, RecomputingAPrefixStreamsWeightsOnceAndComputesEveryPosition) {
  Ledger l;
  add_expected(l, model_by_name("7b"), kTwoBits, PassShape{0, 5, 2048});
  EXPECT_EQ(l.positions, 5);
  EXPECT_EQ(l.tokens, 1);
  EXPECT_EQ(ternary<&Entry::ops>(l), 5 * 2.0 * 6476005376);
  EXPECT_EQ(ternary<&Entry::bytes>(l), 6476005376 / 4.0);
  EXPECT_EQ(l[LoopOp::attention].ops, (1 + 2 + 3 + 4 + 5) * 32.0 * 4096 * 4);
  EXPECT_EQ(l[LoopOp::attention].bytes, 5 * 1048576.0);
  EXPECT_EQ(l[LoopOp::lm_head].ops, 2.0 * 131072000) << "the head runs for the last position only";
}

// By hand: a step of four sequences, 17 positions each.
TEST(ExpectedLedger, ABatchStreamsWeightsOnceAndACacheForEachSequence) {
  Ledger l;
  add_expected(l, model_by_name("7b"), kTwoBits,
               Decode{.length = 16, .tokens = 1, .keeps_past = true, .visible = 2048, .sequences = 4});
  EXPECT_EQ(l.tokens, 4);
  EXPECT_EQ(l.positions, 4);
  EXPECT_EQ(ternary<&Entry::ops>(l), 4 * 2.0 * 6476005376);
  EXPECT_EQ(ternary<&Entry::bytes>(l), 6476005376 / 4.0);
  EXPECT_EQ(l[LoopOp::lm_head].ops, 4 * 2.0 * 131072000);
  EXPECT_EQ(l[LoopOp::lm_head].bytes, 131072000.0);
  EXPECT_EQ(l[LoopOp::embedding].bytes, 4 * 4096.0);
  EXPECT_EQ(l[LoopOp::attention].ops, 4 * 17.0 * 32 * 4096 * 4);
  EXPECT_EQ(l[LoopOp::attention].bytes, 4 * 17.0 * 1048576);
  EXPECT_EQ(l[LoopOp::kv_append].bytes, 4 * 1048576.0);
  EXPECT_EQ(l[LoopOp::attention].calls, 32) << "one call of a layer, of all sequences";
  EXPECT_EQ(l[LoopOp::sampling].calls, 1);
}

TEST(ExpectedLedger, OfARequestFollowsFromTheRequest) {
  const ModelShape shape = model_by_name("7b");
  Ledger cached, recomputed, by_passes;
  add_expected(cached, shape, kTwoBits, Decode{10, 3, true, 2048});
  add_expected(recomputed, shape, kTwoBits, Decode{10, 3, false, 2048});
  EXPECT_EQ(cached.tokens, 3);
  EXPECT_EQ(cached.positions, 3);
  EXPECT_EQ(cached[LoopOp::attention].bytes, (11 + 12 + 13) * 1048576.0);
  EXPECT_EQ(recomputed.tokens, 3);
  EXPECT_EQ(recomputed.positions, 11 + 12 + 13);
  for (std::int64_t depth = 10; depth < 13; ++depth)
    add_expected(by_passes, shape, kTwoBits, PassShape{depth, 1, 2048});
  EXPECT_EQ(difference(cached, by_passes), "");
  EXPECT_NE(difference(cached, recomputed), "");
}

TEST(ExpectedLedger, ARingShowsItsCapacityAtMost) {
  const Ledger l = token_at(100, 8);
  EXPECT_EQ(l[LoopOp::attention].ops, 8.0 * 32 * 4096 * 4);
  EXPECT_EQ(l[LoopOp::attention].bytes, 8.0 * 1048576);
}

TEST(ExpectedLedger, GroupedQueriesShareKeysAndValues) {
  ModelShape shape = model_by_name("7b");
  shape.kv_heads = 8;
  Ledger l;
  add_expected(l, shape, kTwoBits, PassShape{0, 1, 2048});
  EXPECT_EQ(l[LoopOp::matmul_k].ops, 2.0 * 32 * 1024 * 4096);
  EXPECT_EQ(l[LoopOp::attention].ops, 32.0 * 4096 * 4) << "every query head still works";
  EXPECT_EQ(l[LoopOp::kv_append].bytes, 1048576.0 / 4);
}

TEST(ExpectedLedger, SubNormsAreCountedWhereTheModelHasThem) {
  ModelShape shape = model_by_name("7b");
  shape.sub_norms = false;
  Ledger l;
  add_expected(l, shape, kTwoBits, PassShape{0, 1, 2048});
  EXPECT_EQ(l[LoopOp::rms_norm].calls, 32 * 2 + 1);
}

TEST(LedgerLines, HaveNamesAndSlotsOfTheirOwn) {
  std::set<std::string> names;
  for (int i = 0; i < kLoopOpCount; ++i) {
    names.insert(name(static_cast<LoopOp>(i)));
    EXPECT_NE(std::string(slot_of(static_cast<LoopOp>(i))), "");
  }
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kLoopOpCount));
}

TEST(LedgerDifference, IsEmptyForEqualLedgers) {
  EXPECT_EQ(difference(token_at(3), token_at(3)), "");
  EXPECT_EQ(difference(Ledger{}, Ledger{}), "");
}

std::string difference_after(const std::function<void(Ledger&)>& plant) {
  Ledger booked = token_at(3);
  plant(booked);
  return difference(booked, token_at(3));
}

TEST(LedgerDifference, FindsPlantedFaults) {
  EXPECT_THAT(difference_after([](Ledger& l) { l.tokens = 2; }), HasSubstr("2 tokens came out, 1 were asked for"));
  EXPECT_THAT(difference_after([](Ledger& l) { l.tokens = 0; }), HasSubstr("0 tokens came out"));
  EXPECT_THAT(difference_after([](Ledger& l) { l.positions = 4; }),
              HasSubstr("4 positions computed, the model needs 1"));
  EXPECT_THAT(difference_after([](Ledger& l) { l[LoopOp::attention].calls += 1; }),
              HasSubstr("attention: 33 calls booked, 32 expected"));
  EXPECT_THAT(difference_after([](Ledger& l) { l[LoopOp::sampling].calls = 0; }),
              HasSubstr("sampling: 0 calls booked, 1 expected"));
  EXPECT_THAT(difference_after([](Ledger& l) { l[LoopOp::matmul_v].ops *= 31.0 / 32; }), HasSubstr("ternary_matmul:v"));
  EXPECT_THAT(difference_after([](Ledger& l) { l[LoopOp::lm_head].bytes = 0; }), HasSubstr("lm_head: 0 bytes booked"));
  EXPECT_THAT(difference_after([](Ledger& l) { l[LoopOp::attention].bytes -= 1048576; }), HasSubstr("attention"));
  EXPECT_THAT(difference_after([](Ledger& l) { l[LoopOp::matmul_gate].ops += 2; }), HasSubstr("ternary_matmul:gate"))
      << "one weight";
}

TEST(LedgerDifference, FindsASkippedLayerAndALayerSoldAsAToken) {
  for (const std::int64_t layers : {31, 1}) {
    ModelShape shape = model_by_name("7b");
    shape.layers = layers;
    Ledger booked;
    add_expected(booked, shape, kTwoBits, PassShape{3, 1, 2048});
    EXPECT_THAT(difference(booked, token_at(3)), HasSubstr("calls booked")) << layers;
  }
}

TEST(LedgerDifference, FindsATokenCountedTwice) {
  Ledger booked = token_at(3), expected = token_at(3);
  add_expected(expected, model_by_name("7b"), kTwoBits, PassShape{4, 1, 2048});
  booked.tokens = expected.tokens;
  EXPECT_NE(difference(booked, expected), "");
}

TEST(LedgerDifference, LeavesTimesAndMemoryAlone) {
  EXPECT_EQ(difference_after([](Ledger& l) {
              l[LoopOp::attention].ns = 1e9;
              l[LoopOp::memory].calls = 500;
            }),
            "");
}

}  // namespace
}  // namespace bitproof
