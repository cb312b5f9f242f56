#include "suite.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <tuple>

#include "registry.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

std::filesystem::path suites() { return std::filesystem::path(BITPROOF_SOURCE_DIR) / "suites"; }

Suite parsed(const std::string& text) { return parse_suite(text, "some/where.toml"); }
std::string refused(const std::string& text) {
  return refusal([&] { parsed(text); });
}

TEST(Suite, IsNamedByItsFile) { EXPECT_EQ(parsed("[[cases]]\nop = 'sampling'").name, "where"); }

TEST(Suite, AxesMultiply) {
  const Suite suite = parsed(R"(
[[cases]]
name = "axes"
op = ["ternary_matmul", "dense_matmul"]
rows = [1, 17]
cols = [3, 5, 7]
batch = 2
fill = ["random", "extreme"]
seed = [1, 2]
)");
  ASSERT_EQ(suite.cases.size(), 2u * 2 * 3 * 2 * 2);
  std::set<std::string> distinct;
  for (const Case& c : suite.cases) {
    EXPECT_EQ(c.name, "axes");
    EXPECT_EQ(c.batch, 2);
    distinct.insert(c.op + " " + to_string(c));
  }
  EXPECT_EQ(distinct.size(), suite.cases.size());
}

TEST(Suite, GroupsOfCasesAddUp) {
  EXPECT_EQ(parsed("[[cases]]\nop='sampling'\nrows=[1,2]\n[[cases]]\nop='rms_norm'\ncols=3\n").cases.size(), 3u);
}

TEST(Suite, AsksForEveryOffset) {
  EXPECT_TRUE(parsed("[[cases]]\nop='sampling'\noffsets='all'\n").cases.at(0).every_offset);
  EXPECT_FALSE(parsed("[[cases]]\nop='sampling'\n").cases.at(0).every_offset);
}

TEST(Suite, ReadsBenchmarks) {
  const Suite suite = parsed(R"(
[[benchmarks]]
name = "gemv"
kind = "kernel"
variants = "ternary_matmul/direct.*"
rows = [4096, 11008]
cols = 4096
threads = [1, 0]
temperature = ["cold", "hot"]

[[benchmarks]]
name = "blocks"
kind = "memory"
variants = ["memory/malloc", "memory/pool"]
bytes = [64, 4096]

[[benchmarks]]
name = "token"
kind = "loop"
recipe = "none"
model = "tiny"
depth = 4
)");
  ASSERT_EQ(suite.benchmarks.size(), 3u);
  const BenchmarkSpec& gemv = suite.benchmarks[0];
  EXPECT_EQ(gemv.cases.size(), 2u);
  EXPECT_EQ(gemv.threads, (std::vector{1, 0}));
  EXPECT_EQ(gemv.cold, (std::vector{true, false}));
  EXPECT_EQ(suite.benchmarks[1].bytes, (std::vector<std::int64_t>{64, 4096}));
  EXPECT_EQ(suite.benchmarks[2].recipe, "none");
  EXPECT_EQ(suite.benchmarks[2].model, "tiny");
  EXPECT_EQ(suite.benchmarks[2].depth, 4);
}

// What is wrong, on which line, and words that say it.
struct Bad {
  const char* name;
  const char* text;
  int line;
  const char* says;
};

class BadSuite : public testing::TestWithParam<Bad> {};

TEST_P(BadSuite, IsRefusedWithFileAndLine) {
  const Bad& bad = GetParam();
  EXPECT_THAT(refused(bad.text),
              AllOf(StartsWith("some/where.toml:" + std::to_string(bad.line) + ": "), HasSubstr(bad.says)));
}

INSTANTIATE_TEST_SUITE_P(
    , BadSuite,
    testing::Values(
        Bad{"NotToml", "[[cases]]\nop = \n", 2, "not TOML"},
        Bad{"DuplicateKey", "[[cases]]\nop = 'rope'\nop = 'rope'\n", 3, "not TOML"},
        Bad{"UnknownSection", "\n[[case]]\nop = 'rope'\n", 2,
            "unknown key 'case'; a suite has [[cases]] and [[benchmarks]]"},
        Bad{"SingleTable", "[cases]\nop = 'rope'\n", 1, "write [[cases]]"},
        Bad{"NotATable", "cases = [\n1]\n", 2, "write [[cases]]"}, Bad{"NoOp", "\n[[cases]]\nrows = 1\n", 2, "no op"},
        Bad{"UnknownOp", "[[cases]]\ncols = 2\nop = ['rope', 'ropes']\n", 3, "no op is named 'ropes'"},
        Bad{"UnknownKey", "[[cases]]\nop = 'rms_norm'\ncolumns = 1\n", 3, "unknown key 'columns' for rms_norm"},
        Bad{"OfAnotherOp", "[[cases]]\nop = 'rms_norm'\nrows = 1\n", 3,
            "known here: name, op, fill, seed, offsets, cols, batch"},
        Bad{"Float", "[[cases]]\nop = 'rms_norm'\n\ncols = 1.5\n", 4, "cols must be an integer"},
        Bad{"Text", "[[cases]]\nop = 'rms_norm'\ncols = [1,\n 'two']\n", 4, "cols must be an integer"},
        Bad{"NotText", "[[cases]]\nop = 3\n", 2, "op must be text"},
        Bad{"EmptyList", "[[cases]]\nop = 'rms_norm'\ncols = []\n", 3, "cols is an empty list"},
        Bad{"NoOps", "[[cases]]\nop = []\n", 2, "op is an empty list"},
        Bad{"UnknownOffsets", "[[cases]]\nop = 'rms_norm'\noffsets = 3\n", 3, "offsets can only be \"all\""},
        Bad{"FillOfOtherOps", "[[cases]]\nop = 'memory'\nfill = 'nan'\n", 1, "fill = nan means nothing for memory"},
        Bad{"UnknownFill", "[[cases]]\nop = 'rms_norm'\nfill = 'ones'\n", 3, "no fill is named 'ones'"},
        Bad{"OddRope", "\n\n[[cases]]\nop = 'rope'\ncols = 7\n", 3, "cols = 7 must be even"},
        Bad{"OutOfRange", "[[cases]]\nop = 'rms_norm'\ncols = [1, 0]\n", 3, "cols = 0 is not in 1 .. 2147483648"},
        Bad{"NoSuchKind", "[[benchmarks]]\nname = 'b'\nkind = 'gpu'\n", 1, "kind 'gpu' is not one of kernel, memory"},
        Bad{"NoKind", "[[benchmarks]]\nname = 'b'\nvariants = 'memory/*'\n", 1, "kind ''"},
        Bad{"NoName", "[[benchmarks]]\nkind = 'loop'\n", 1, "this benchmark has no name"},
        Bad{"NoVariants", "[[benchmarks]]\nname = 'b'\nkind = 'memory'\n", 1, "names no variants"},
        Bad{"ThreadsBelowZero", "[[benchmarks]]\nname = 'b'\nthreads = -1\n", 3,
            "threads = -1 is not in 0 (all cores) .. 64"},
        Bad{"Lukewarm", "[[benchmarks]]\nname = 'b'\ntemperature = 'warm'\n", 3, "'warm' is neither cold nor hot"},
        Bad{"TwoNames", "[[benchmarks]]\nname = ['a', 'b']\n", 2, "name takes one value, not a list"},
        Bad{"DepthBelowZero", "[[benchmarks]]\nname = 'b'\ndepth = -1\n", 3, "depth = -1 is not in 0 .. 1000000"},
        Bad{"BlockOfNothing", "[[benchmarks]]\nname = 'b'\nbytes = [64, 0]\n", 3,
            "bytes = 0 is not in 1 .. 1099511627776"},
        Bad{"NoPosition", "[[benchmarks]]\nname = 'b'\npositions = 0\n", 3, "positions = 0 is not in 1 .. 2147483648"},
        Bad{"UnknownBenchmarkKey", "[[benchmarks]]\nname = 'b'\nrepeat = 3\n", 3, "unknown key 'repeat'"}),
    [](const auto& bad) { return std::string(bad.param.name); });

TEST(Suite, RefusesMoreCasesThanAnybodyMeant) {
  std::string list = "[1";
  for (int i = 2; i <= 400; ++i) list += "," + std::to_string(i);
  list += "]";
  EXPECT_THAT(refused("[[cases]]\nop = 'ternary_matmul'\nbatch = " + list + "\ncols = " + list + "\n"),
              HasSubstr("over 100000 cases"));
}

// No list of it is long; together they are more than memory holds.
TEST(Suite, RefusesMoreCasesInAllItsTables) {
  std::string list = "[1";
  for (int i = 2; i <= 300; ++i) list += "," + std::to_string(i);
  list += "]";
  const std::string cases = "[[cases]]\nop = 'rms_norm'\nbatch = " + list + "\ncols = " + list + "\n";
  const std::string benchmark = "[[benchmarks]]\nname = 'b'\nkind = 'loop'\nrows = " + list + "\ncols = " + list + "\n";
  EXPECT_EQ(parsed(cases).cases.size(), 90'000u);
  EXPECT_THAT(refused(cases + cases), AllOf(StartsWith("some/where.toml:5: "), HasSubstr("over 100000 cases")));
  EXPECT_THAT(refused(benchmark + benchmark), AllOf(StartsWith("some/where.toml:6: "), HasSubstr("over 100000 cases")));
}

// The parser builds and frees them by recursion.
TEST(Suite, NestedWithoutBoundIsRefused) {
  const auto repeat = [](const char* text, int n) {
    std::string all;
    for (int i = 0; i < n; ++i) all += text;
    return all;
  };
  EXPECT_THAT(refused(repeat("a.", 16'000) + "a = 1"), HasSubstr("unknown key 'a'"));
  EXPECT_THAT(refused("a = " + repeat("[", 32'000)), HasSubstr("not TOML"));
  EXPECT_THAT(refused("a = " + repeat("{a=", 10'000)), HasSubstr("not TOML"));
  EXPECT_THAT(refused(repeat("a.", 1'000'000) + "a = 1"), HasSubstr("split it"));
}

// A key may be written with anything between quotes.
TEST(Suite, IsRefusedInOneLine) {
  EXPECT_THAT(refused("[[cases]]\nop = 'rope'\n\"two\\nlines\\u001b\" = 1\n"),
              AllOf(HasSubstr("unknown key 'two lines '"), testing::Not(HasSubstr("\n"))));
}

TEST(Suite, OfNothingIsRefused) {
  EXPECT_THAT(refused(""), AllOf(StartsWith("some/where.toml: "), HasSubstr("an empty suite proves nothing")));
  EXPECT_THAT(refused("cases = []"), HasSubstr("an empty suite proves nothing"));
}

TEST(Suite, ThatCannotBeReadIsNamed) {
  EXPECT_THAT(refusal([] { read_suite("/nowhere/at/all.toml"); }), StartsWith("/nowhere/at/all.toml: cannot be read"));
}

std::vector<std::string> shipped() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(suites())) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
  }
  return paths;
}

TEST(ShippedSuites, AllParse) {
  EXPECT_GE(shipped().size(), 6u);
  for (const std::string& path : shipped()) EXPECT_EQ(refusal([&] { read_suite(path); }), "") << path;
}

// A name with a typing error would silently measure nothing.
TEST(ShippedSuites, NameVariantsThatExist) {
  for (const std::string& path : shipped()) {
    for (const BenchmarkSpec& spec : read_suite(path).benchmarks) {
      for (const std::string& text : spec.variants) {
        const bool all = text.ends_with('*');
        const std::string head = all ? text.substr(0, text.size() - 1) : text;
        EXPECT_TRUE(std::ranges::any_of(all_variants(),
                                        [&](const Variant& v) { return all ? v.id.starts_with(head) : v.id == head; }))
            << path << ": " << spec.name << ": " << text;
      }
    }
  }
}

TEST(ShippedSuites, EdgesAndEmulatedMeetEveryOp) {
  for (const char* suite : {"edges.toml", "emulated.toml"}) {
    std::set<std::string> met;
    for (const Case& c : read_suite(suites() / suite).cases) met.insert(c.op);
    for (const char* op : all_ops()) EXPECT_TRUE(met.contains(op)) << suite << ": " << op;
  }
}

TEST(ShippedSuites, SeedShapesHoldEveryShapeOfTheReports) {
  std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> met;  // rows, cols, batch
  for (const Case& c : read_suite(suites() / "seed_shapes.toml").cases) {
    if (c.op == "ternary_matmul" && c.fill == Fill::random) met.insert({c.rows, c.cols, c.batch});
  }
  // Rows of weights x cols x batch; the two threading shapes are written rows x batch x cols there.
  for (const auto& [rows, cols, batch] :
       std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>>{{8, 64, 16},
                                                                         {128, 512, 128},
                                                                         {16, 256, 32},
                                                                         {64, 512, 64},
                                                                         {128, 1024, 128},
                                                                         {256, 2048, 256},
                                                                         {512, 2048, 256},
                                                                         {64, 256, 8},
                                                                         {512, 4096, 32},
                                                                         {4096, 4096, 1},
                                                                         {11008, 4096, 1},
                                                                         {4096, 11008, 1}}) {
    EXPECT_TRUE(met.contains({rows, cols, batch})) << rows << " x " << cols << " x " << batch;
  }
}

TEST(ShippedSuites, Phase2KeepsTheNamesOfTheFiveTests) {
  const Suite suite = read_suite(suites() / "phase2.toml");
  std::set<std::string> names;
  for (const Case& c : suite.cases) names.insert(c.name);
  for (const BenchmarkSpec& b : suite.benchmarks) names.insert(b.name);
  for (const char* test :
       {"Test 1: Memory Pool Allocation", "Test 2: Threading Correctness", "Test 3: Threading Scalability",
        "Test 4: KV-Cache Efficiency", "Test 5: End-to-End Throughput"}) {
    EXPECT_TRUE(names.contains(test)) << test;
  }
}

}  // namespace
}  // namespace bitproof
