#include "random_cases.hpp"

#include <gmock/gmock.h>

#include <set>

#include "inputs.hpp"
#include "support.hpp"
#include "trial.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

std::vector<std::string> texts(const std::vector<Case>& cases) {
  std::vector<std::string> all;
  for (const Case& c : cases) all.push_back(c.op + " " + to_string(c));
  return all;
}

TEST(RandomCases, AreAFunctionOfTheSeed) {
  EXPECT_EQ(texts(random_cases(5, 7)), texts(random_cases(5, 7)));
  EXPECT_NE(texts(random_cases(5, 7)), texts(random_cases(5, 8)));
  EXPECT_EQ(random_cases(4, 1).size(), 4 * (all_ops().size() - 3) + 3) << "one of each of the three slots";
  EXPECT_EQ(texts(random_cases("rope", 3, 1)), texts([] {
              auto more = random_cases("rope", 9, 1);
              more.resize(3);
              return more;
            }()))
      << "more cases are these and others";
}

TEST(RandomCases, AreValidAndReadBack) {
  for (const Case& c : random_cases(50, 3)) {
    EXPECT_EQ(refusal([&] { validate(c, c.op); }), "") << to_string(c);
    EXPECT_EQ(to_string(parse_case(c.op, to_string(c))), to_string(c));
    EXPECT_EQ(c.name, kRandomCase);
  }
}

TEST(RandomCases, FavourEdges) {
  std::set<std::int64_t> rows, cols;
  for (const Case& c : random_cases("ternary_matmul", 300, 1)) {
    rows.insert(c.rows);
    cols.insert(c.cols);
  }
  std::int64_t widest = 1;
  for (const auto& v : variants<ternary_matmul::Kernel>()) widest = std::max(widest, v.kernel->row_multiple);
  for (const std::int64_t n : {std::int64_t{1}, widest - 1, widest, widest + 1}) EXPECT_TRUE(rows.contains(n)) << n;
  EXPECT_GT(cols.size(), 50u);
  EXPECT_TRUE(cols.contains(1));
  EXPECT_GT(*cols.rbegin(), 4000);
}

TEST(RandomCases, PassOnRealVariants) {
  const CheckSummary s = check(random_cases(1, 11), "scalar");
  EXPECT_TRUE(s.ok()) << (s.failures.empty() ? "" : s.failures[0].repro + ": " + s.failures[0].verdict.reason);
}

// ---- shrinking

TEST(SmallestFailing, GoesToTheEdgeOfTheFault) {
  const Case start{.op = "ternary_matmul", .rows = 131, .cols = 4097, .batch = 9, .fill = Fill::extreme, .seed = 99};
  const auto fails = [](const Case& c) { return c.rows >= 3 && c.cols >= 17; };
  EXPECT_EQ(to_string(smallest_failing(start, fails)), "rows=3,cols=17,batch=1,fill=random,seed=1");
}

TEST(SmallestFailing, KeepsWhatTheFaultNeeds) {
  const Case start{.op = "residual_add", .cols = 1000, .batch = 3, .fill = Fill::extreme, .seed = 99};
  const auto fails = [](const Case& c) { return c.fill == Fill::extreme && c.seed == 99 && c.cols > 30; };
  EXPECT_EQ(to_string(smallest_failing(start, fails)), "cols=31,batch=1,fill=extreme,seed=99");
}

TEST(SmallestFailing, StaysWithinWhatTheOpAllows) {
  const Case heads{.op = "attention", .rows = 24, .cols = 128, .batch = 5, .kv_heads = 8, .positions = 300, .mode = 1};
  const auto grouped = [](const Case& c) { return c.kv_heads >= 3 && c.rows > c.kv_heads; };
  EXPECT_EQ(to_string(smallest_failing(heads, grouped)),
            "rows=6,cols=1,batch=1,kv_heads=3,positions=1,mode=0,fill=random,seed=1");
  const Case pairs{.op = "rope", .rows = 5, .cols = 128, .positions = 2047};
  EXPECT_EQ(smallest_failing(pairs, [](const Case& c) { return c.cols > 9; }).cols, 10);
}

// Loses the elements past the last whole block of 16, in rows that have more than one.
void add_without_tail(const residual_add::Call& c, Tile t) {
  const std::int64_t end = c.stride > 32 ? c.stride / 16 * 16 : c.stride;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = t.row0; i < std::min(t.row1, end); ++i) c.h[b * c.stride + i] += c.y[b * c.stride + i];
  }
}

TEST(SmallestFailing, OfAPlantedKernelFailsAgainWhenReplayed) {
  const residual_add::Kernel kernel{kPlanted, add_without_tail};
  const VariantOf<residual_add::Kernel> variant{{"residual_add/planted", "residual_add", "baseline", 0, &kPlanted},
                                                &kernel};
  const auto fails = [&](const Case& c) { return !Trial<residual_add::Kernel>(c).judge(variant).ok(); };
  const std::vector<Case> cases = random_cases("residual_add", 20, 1);
  const auto failing = std::find_if(cases.begin(), cases.end(), fails);
  ASSERT_NE(failing, cases.end());
  const Case smallest = smallest_failing(*failing, fails);
  EXPECT_EQ(to_string(smallest), "cols=33,batch=1,fill=random,seed=1");
  EXPECT_TRUE(fails(parse_case("residual_add", to_string(smallest))));
}

// A case that proves nothing, as if it had been drawn: 16 equal outputs are the fewest that are mistrusted.
TEST(ShrinkRandomFailures, ReportsTheSmallestCaseOfTheSameVerdict) {
  Case c{.name = kRandomCase, .op = "ternary_matmul", .rows = 90, .cols = 1, .batch = 1};
  while (int8_inputs(c, 1)[0] != 0) ++c.seed;
  CheckSummary s = check(std::span(&c, 1), "ternary_matmul/scalar");
  ASSERT_EQ(s.failures.size(), 1u);
  shrink_random_failures(s);
  ASSERT_EQ(s.failures.size(), 1u);
  const CheckResult& shrunk = s.failures[0];
  EXPECT_EQ(shrunk.verdict.status, Status::mistrusted);
  EXPECT_EQ(shrunk.c.rows, 16);
  EXPECT_EQ(shrunk.repro, repro("ternary_matmul/scalar", shrunk.c));
  EXPECT_THAT(shrunk.verdict.reason, HasSubstr("shrunk from " + to_string(c)));
}

TEST(ShrinkRandomFailures, LeavesTheCasesOfSuites) {
  CheckSummary s;
  s.add({"rms_norm/scalar", {.name = "tails", .op = "rms_norm", .cols = 33}, Verdict::failed("because"), "replay"});
  shrink_random_failures(s);
  EXPECT_EQ(s.failures[0].repro, "replay");
}

}  // namespace
}  // namespace bitproof
