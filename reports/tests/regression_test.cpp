#include "reports/regression.hpp"

#include <gmock/gmock.h>

#include <limits>

#include "harness/tests/support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

CaseComparison made_up(const std::string& id, Effect verdict, double ratio) {
  CaseComparison c{.id = id, .a = "base/bitproof", .b = "head/bitproof"};
  c.result = {.verdict = verdict, .ratio = ratio, .ci_low = ratio * 0.99, .ci_high = ratio * 1.01, .confidence = 0.99};
  c.result.by_launch = {ratio, ratio, ratio};
  if (verdict == Effect::ambiguous) c.result.why = "the interval is too wide";
  c.control = RatioVerdict{.verdict = Effect::same, .ratio = 1, .ci_low = 0.99, .ci_high = 1.01};
  c.state = "one state";
  c.median_a_ns = 1000;
  c.median_b_ns = 1000 * ratio;
  c.samples = 30;
  c.set_aside["other work had the CPUs"] = 2;
  return c;
}

CaseComparison crashed(const std::string& id) {
  CaseComparison c = made_up(id, Effect::ambiguous, 1);
  c.result = {};
  c.failure = "base/bitproof ended by signal 11";
  return c;
}

Regression of(std::vector<CaseComparison> cases, AmbiguousPolicy policy = AmbiguousPolicy::warn) {
  return {.comparison = {.cases = std::move(cases), .kind = "builds"},
          .failures = {},
          .ambiguous = policy,
          .repro = "bitproof baseline check x"};
}

const CaseComparison kSame = made_up("same", Effect::same, 1.001), kSlower = made_up("slower", Effect::slower, 1.05),
                     kFaster = made_up("faster", Effect::faster, 0.9),
                     kAmbiguous = made_up("unclear", Effect::ambiguous, 1.02);

TEST(Regression, FailsForSlowerForFailuresAndForNothingCompared) {
  EXPECT_FALSE(of({kSame, kFaster}).failed());
  EXPECT_TRUE(of({kSame, kSlower}).failed());
  EXPECT_TRUE(of({kSame, crashed("x")}).failed());
  EXPECT_TRUE(of({}).failed());
  Regression checked = of({kSame});
  checked.failures = {"check: 1 of 3 cases did not pass"};
  EXPECT_TRUE(checked.failed());
}

TEST(Regression, AmbiguousIsAMatterOfPolicy) {
  EXPECT_FALSE(of({kAmbiguous}, AmbiguousPolicy::warn).failed());
  EXPECT_FALSE(of({kAmbiguous}, AmbiguousPolicy::ignore).failed());
  EXPECT_TRUE(of({kAmbiguous}, AmbiguousPolicy::fail).failed());
  EXPECT_EQ(parse_ambiguous_policy("fail"), AmbiguousPolicy::fail);
  EXPECT_THAT(refusal([] { parse_ambiguous_policy("maybe"); }), HasSubstr("warn, fail or ignore"));
}

TEST(RegressionMarkdown, PutsTheAnswerFirstAndFoldsAwayWhatDidNotChange) {
  const std::string page = regression_markdown(of({kSame, kSlower, kAmbiguous, kFaster, crashed("broken")}));
  EXPECT_THAT(page, StartsWith("### bitproof: failed: 1 FAILED, 1 SLOWER, 1 FASTER, 1 AMBIGUOUS, 1 SAME\n"));
  EXPECT_THAT(page, HasSubstr("| slower | **SLOWER** | +5.0 % [+4.0 %, +6.0 %] | 1.00 us | 1.05 us | one state |  |"));
  EXPECT_THAT(page, HasSubstr("base/bitproof ended by signal 11"));
  EXPECT_THAT(page, HasSubstr("150 samples, 10 of them set aside"));
  EXPECT_THAT(page, HasSubstr("called FASTER or SLOWER: 0"));
  const auto fold = page.find("<details><summary>1 without a change");
  ASSERT_NE(fold, std::string::npos);
  EXPECT_GT(page.find("| same |"), fold);
  EXPECT_LT(page.find("| unclear |"), fold);
  EXPECT_THAT(regression_markdown(of({kSame})), StartsWith("### bitproof: passed: 1 SAME\n"));
}

TEST(RegressionMarkdown, SaysWhatIsWeaker) {
  Regression r = of({kSame});
  r.comparison.warning = "saved runs";
  r.comparison.partial = true;
  r.comparison.cases[0].control.reset();
  r.comparison.cases[0].result.ci_high = std::numeric_limits<double>::infinity();
  EXPECT_THAT(regression_markdown(r), AllOf(HasSubstr("Weaker: saved runs."), HasSubstr("Partial"),
                                            HasSubstr("No A/A control"), HasSubstr("one process: no interval")));
}

TEST(RegressionMarkdown, FitsAPullRequestCommentWhateverItSays) {
  std::vector<CaseComparison> cases;
  for (int i = 0; i < 3000; ++i) {
    cases.push_back(i % 2 ? kSame : kSlower);
    cases.back().id = fmt::format("{}|<script>`{}`", i, std::string(500, '*'));
    cases.back().state = std::string(500, '<');
  }
  Regression r = of(std::move(cases));
  r.failures.assign(1000, std::string(1000, '|'));
  const std::string page = regression_markdown(r);
  EXPECT_LT(page.size(), kCommentBytes);
  EXPECT_THAT(page, AllOf(HasSubstr("more do not fit here"), HasSubstr("and 980 more failures"),
                          HasSubstr("</details>"), Not(HasSubstr("<script>"))));
}

TEST(RegressionJunit, IsOneTestCaseACase) {
  const auto xml = [](AmbiguousPolicy policy) {
    return regression_junit(of({kSame, kSlower, kAmbiguous, crashed("a<b")}, policy));
  };
  EXPECT_THAT(xml(AmbiguousPolicy::warn), HasSubstr(R"(tests="4" failures="1" errors="1" skipped="1")"));
  EXPECT_THAT(xml(AmbiguousPolicy::fail), HasSubstr(R"(tests="4" failures="2" errors="1" skipped="0")"));
  EXPECT_THAT(xml(AmbiguousPolicy::ignore), HasSubstr(R"(tests="4" failures="1" errors="1" skipped="0")"));
  EXPECT_THAT(xml(AmbiguousPolicy::warn),
              ContainsRegex("<failure message=\"SLOWER: time of this build / time of the base = 1.0500"));
  EXPECT_THAT(xml(AmbiguousPolicy::warn), HasSubstr("name=\"a&lt;b\""));
  EXPECT_THAT(regression_junit(of({})), HasSubstr("nothing was compared"));
}

}  // namespace
}  // namespace bitproof
