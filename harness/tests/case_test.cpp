#include "case.hpp"

#include <gmock/gmock.h>

#include <cstdint>

#include "registry.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

// A case that differs from the default in everything its op reads, and is valid.
Case unusual(const std::string& op) {
  Case c{.op = op, .fill = Fill::extreme, .seed = 77};
  for (const char* d : dimensions(op)) {
    const std::string name = d;
    dimension(c, name) = name == "mode"        ? 1
                         : name == "rows"      ? 12
                         : name == "kv_heads"  ? 3
                         : name == "positions" ? 9
                                               : 8;
  }
  return c;
}

TEST(Case, ReadsBackWhatItPrintsForEveryOp) {
  for (const char* op : all_ops()) {
    for (int i = 0; i < kFills; ++i) {
      const auto fill = static_cast<Fill>(i);
      if (!has_fill(op, fill)) continue;
      Case c = unusual(op);
      c.fill = fill;
      const Case back = parse_case(op, to_string(c));
      EXPECT_EQ(to_string(back), to_string(c)) << op;
      for (const char* d : dimensions(op)) EXPECT_EQ(dimension(back, d), dimension(c, d)) << op << " " << d;
      EXPECT_EQ(back.fill, fill) << op;
      EXPECT_EQ(back.seed, 77u) << op;
    }
  }
}

TEST(Case, ReadsBackEverySeed) {
  const Case c{.op = "rms_norm", .seed = UINT64_MAX};
  EXPECT_EQ(parse_case("rms_norm", to_string(c)).seed, UINT64_MAX);
}

TEST(Case, PrintsOnlyWhatItsOpReads) {
  EXPECT_EQ(to_string({.op = "ternary_matmul", .rows = 4096, .cols = 11008, .positions = 5}),
            "rows=4096,cols=11008,batch=1,fill=random,seed=1");
  EXPECT_EQ(to_string({.op = "sampling", .rows = 3, .cols = 9}), "rows=3,fill=random,seed=1");
}

TEST(Case, LeavesOutMeansTheDefault) {
  const Case c = parse_case("rms_norm", "cols=5");
  EXPECT_EQ(to_string(c), "cols=5,batch=1,fill=random,seed=1");
  EXPECT_EQ(to_string(parse_case("rms_norm", "")), "cols=1,batch=1,fill=random,seed=1");
}

TEST(Case, EveryOpHasDimensions) {
  for (const char* op : all_ops()) EXPECT_FALSE(dimensions(op).empty()) << op;
}

TEST(Case, RefusesTextItDoesNotUnderstand) {
  const auto refused = [](const char* op, const char* text) { return refusal([&] { parse_case(op, text); }); };
  EXPECT_THAT(refused("matmul", "rows=1"), HasSubstr("no op is named 'matmul'"));
  EXPECT_THAT(refused("rms_norm", "cols"), HasSubstr("'cols' is not key=value"));
  EXPECT_THAT(refused("rms_norm", "cols=1,,batch=2"), HasSubstr("'' is not key=value"));
  EXPECT_THAT(refused("rms_norm", "rows=1"), HasSubstr("rms_norm has no dimension 'rows'"));
  EXPECT_THAT(refused("rms_norm", "cols=1x"), HasSubstr("cols: '1x' is not an integer"));
  EXPECT_THAT(refused("rms_norm", "cols="), HasSubstr("'' is not an integer"));
  EXPECT_THAT(refused("rms_norm", "cols=99999999999999999999"), HasSubstr("is not an integer"));
  EXPECT_THAT(refused("rms_norm", "cols=1,seed=-1"), HasSubstr("seed: '-1' is not an integer"));
  EXPECT_THAT(refused("rms_norm", "cols=1,fill=ones"), HasSubstr("no fill is named 'ones'"));
}

TEST(Case, ReadsBackThatEveryOffsetIsAskedFor) {
  const Case c{.op = "rms_norm", .cols = 3, .every_offset = true};
  EXPECT_EQ(to_string(c), "cols=3,batch=1,fill=random,seed=1,offsets=all");
  EXPECT_TRUE(parse_case("rms_norm", to_string(c)).every_offset);
  EXPECT_FALSE(parse_case("rms_norm", "cols=3").every_offset);
  EXPECT_THAT(refusal([] { parse_case("rms_norm", "cols=3,offsets=some"); }), HasSubstr("only 'all' is known"));
  EXPECT_THAT(refusal([] { parse_case("memory", "offsets=all"); }), HasSubstr("no buffers of its own"));
}

TEST(Case, RefusesFillsThatMeanNothing) {
  EXPECT_THAT(refusal([] { parse_case("ternary_matmul", "fill=nan"); }),
              HasSubstr("fill = nan means nothing for ternary_matmul"));
  EXPECT_THAT(refusal([] { parse_case("memory", "fill=denormal"); }), HasSubstr("means nothing"));
  EXPECT_EQ(refusal([] { parse_case("rms_norm", "fill=nan"); }), "");
  EXPECT_EQ(refusal([] { parse_case("ternary_matmul", "fill=one_hot"); }), "");
}

TEST(Case, RefusesDimensionsThatTheOpHasNot) {
  const auto refused = [](const char* op, const char* text) { return refusal([&] { parse_case(op, text); }); };
  EXPECT_THAT(refused("rms_norm", "cols=0"), HasSubstr("--case: cols = 0 is not in 1 .. 2^31"));
  EXPECT_THAT(refused("rms_norm", "cols=-3"), HasSubstr("cols = -3"));
  EXPECT_THAT(refused("ternary_matmul", "cols=65537"), HasSubstr("over the contract's 65536"));
  EXPECT_THAT(refused("rope", "cols=7"), HasSubstr("cols = 7 must be even"));
  EXPECT_THAT(refused("gated_ffn", "mode=2"), HasSubstr("mode = 2 is neither 0 nor 1"));
  EXPECT_THAT(refused("attention", "rows=5,kv_heads=2"), HasSubstr("not a multiple of kv_heads = 2"));
  EXPECT_THAT(refused("attention", "batch=3,positions=2"), HasSubstr("need as many positions, not 2"));
}

}  // namespace
}  // namespace bitproof
