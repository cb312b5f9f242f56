#include "axes.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const char* kSuite = R"(
[[benchmarks]]
name = "products"
kind = "kernel"
variants = "ternary_matmul/scalar"
rows = [64, 128]
cols = 64
[[benchmarks]]
name = "block"
kind = "memory"
variants = "memory/pool"
bytes = 4096
[[benchmarks]]
name = "loop"
kind = "loop"
)";

std::vector<BenchmarkSpec> along(const std::string& axis) {
  return along_axis(parse_suite(kSuite, "test.toml").benchmarks, axis);
}

TEST(Axes, ReplaceTheValuesOfTheSuite) {
  const auto rows = along("rows=1,2,3");
  ASSERT_EQ(rows.size(), 1u) << "benchmarks without rows are left out";
  ASSERT_EQ(rows[0].cases.size(), 3u);
  EXPECT_EQ(rows[0].cases[2].rows, 3);
  EXPECT_EQ(rows[0].cases[2].cols, 64);
}

TEST(Axes, Multiply) {
  const auto both = along_axis(along("rows=1,2,3"), "batch=1,8");
  EXPECT_EQ(both[0].cases.size(), 6u);
  const auto fills = along_axis(both, "fill=zero,random");
  EXPECT_EQ(fills[0].cases.size(), 12u);
}

TEST(Axes, AreAlsoThreadsTemperaturePrefetchBytesAndLoops) {
  EXPECT_THAT(along("threads=1,0")[0].threads, ElementsAre(1, 0));
  EXPECT_THAT(along("temperature=hot,cold")[0].cold, ElementsAre(false, true));
  EXPECT_THAT(along("prefetch=0,8")[0].variants, ElementsAre("ternary_matmul/scalar", "ternary_matmul/scalar:pf8"));
  EXPECT_THAT(along("bytes=64,128")[0].bytes, ElementsAre(64, 128));
  const auto depths = along("depth=4,64");
  ASSERT_EQ(depths.size(), 2u);
  EXPECT_EQ(depths[1].depth, 64);
  EXPECT_EQ(along("recipe=none,all")[0].recipe, "none");
  EXPECT_EQ(along("model=tiny")[0].model, "tiny");
}

TEST(Axes, RefuseWhatMeansNothing) {
  const auto why = [](const std::string& axis) { return refusal([&] { along(axis); }); };
  EXPECT_THAT(why("rows"), HasSubstr("name=value"));
  EXPECT_THAT(why("height=1"), HasSubstr("name of rows, cols"));
  EXPECT_THAT(why("rows="), HasSubstr("a value is missing"));
  EXPECT_THAT(why("rows=1,,2"), HasSubstr("a value is missing"));
  EXPECT_THAT(why("rows=1,x"), HasSubstr("'x' is not a whole number"));
  EXPECT_THAT(why("rows=-1"), HasSubstr("not a whole number"));
  EXPECT_THAT(why("fill=green"), HasSubstr("green"));
  EXPECT_THAT(why("temperature=warm"), HasSubstr("neither cold nor hot"));
  EXPECT_THAT(why("prefetch=12345"), HasSubstr("no benchmark of this suite has it"));
}

}  // namespace
}  // namespace bitproof
