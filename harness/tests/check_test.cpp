#include "check.hpp"

#include <gmock/gmock.h>

#include "check_processes.hpp"
#include "inputs.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::HasSubstr;

CheckResult result(const std::string& id, Status status, const std::string& reason = "because") {
  return {id, {.op = "rms_norm"}, {status, reason}, "replay"};
}

TEST(CheckSummary, OfNothingIsNotOk) {
  EXPECT_FALSE(CheckSummary{}.ok());
  const CheckSummary none = check({}, "rms_norm/scalar");
  EXPECT_EQ(none.cases, 0);
  EXPECT_FALSE(none.ok());
}

TEST(CheckSummary, OfSkippedAloneIsNotOk) {
  CheckSummary s;
  s.add(result("rms_norm/avx9", Status::skipped, "needs AVX9"));
  EXPECT_EQ(s.skipped, 1);
  EXPECT_EQ(s.skipped_variants.at("rms_norm/avx9"), "needs AVX9");
  EXPECT_TRUE(s.failures.empty());
  EXPECT_FALSE(s.ok());
  s.add(result("rms_norm/scalar", Status::pass, ""));
  EXPECT_TRUE(s.ok());
  EXPECT_EQ(s.passed_by_variant.at("rms_norm/scalar"), 1);
}

TEST(CheckSummary, OneFailureOfAnyKindIsNotOk) {
  for (const Status bad : {Status::failed, Status::mistrusted, Status::fallback}) {
    CheckSummary s;
    s.add(result("a", Status::pass));
    s.add(result("b", bad));
    EXPECT_FALSE(s.ok()) << name(bad);
    ASSERT_EQ(s.failures.size(), 1u);
    EXPECT_EQ(s.failures[0].id, "b");
    EXPECT_EQ(s.cases, 2);
    EXPECT_EQ(s.failed + s.mistrusted + s.fallback, 1) << name(bad);
  }
}

const std::vector<Case> kAdd = {{.op = "residual_add", .cols = 33}, {.op = "residual_add", .cols = 7, .batch = 2}};

TEST(Check, RunsEveryVariantThatMatches) {
  std::size_t runnable = 0, total = 0, calls = 0;
  for (const Variant& v : all_variants()) runnable += v.op == "residual_add" && v.runnable();
  const CheckSummary s = check(kAdd, "residual_add", [&](std::size_t done, std::size_t of) {
    EXPECT_EQ(done, ++calls);
    total = of;
  });
  EXPECT_EQ(s.passed, static_cast<std::int64_t>(2 * runnable));
  EXPECT_EQ(calls, 2 * runnable);
  EXPECT_EQ(total, 2 * runnable);
  EXPECT_EQ(s.passed_by_variant.size(), runnable);
  EXPECT_TRUE(s.ok());
}

TEST(Check, AnIdNamesOneVariantAndNotItsRows) {
  const std::vector<Case> cases = {{.op = "ternary_matmul", .rows = 5, .cols = 70}};
  EXPECT_EQ(check(cases, "ternary_matmul/scalar").passed, 1);
  EXPECT_GT(check(cases, "ternary_matmul/scal").passed, 1);
}

// Cases of so many operations that no thread is started: other tests of this program have started some, and a child has
// none of them.
TEST(CheckInProcesses, SaysWhatCheckSays) {
  const std::vector<Case> cases = {{.op = "residual_add", .cols = 2'000'000},
                                   {.op = "residual_add", .cols = 1'100'000, .fill = Fill::extreme},
                                   {.op = "rms_norm", .cols = 1'000'003}};
  std::size_t done = 0, total = 0;
  const CheckSummary s = check_in_processes(cases, "/scalar", 2, [&](std::size_t d, std::size_t t) {
    EXPECT_GE(d, done);
    done = d;
    total = t;
  });
  const CheckSummary serial = check(cases, "/scalar");
  EXPECT_TRUE(s.ok());
  EXPECT_EQ(s.passed_by_variant, serial.passed_by_variant);
  EXPECT_EQ(s.cases, serial.cases);
  EXPECT_EQ(done, 3u);
  EXPECT_EQ(total, 3u);
}

TEST(Check, CasesOfOtherOpsAreNotRun) { EXPECT_EQ(check(kAdd, "rms_norm/scalar").cases, 0); }

TEST(Check, RefusesAFilterThatMatchesNothing) {
  EXPECT_THAT(
      refusal([] { check(kAdd, "residual_add/scaler"); }),
      AllOf(HasSubstr("no variant matches 'residual_add/scaler'"), HasSubstr("did you mean residual_add/scalar?")));
}

TEST(Check, ReplaysByOneCommand) {
  const Case c{.op = "residual_add", .cols = 33, .batch = 2, .fill = Fill::extreme, .seed = 9};
  EXPECT_EQ(repro("residual_add/avx2", c),
            "bitproof check residual_add/avx2 --case cols=33,batch=2,fill=extreme,seed=9");
}

// One column whose only activation is 0: every output is 0, from right kernels and from those that compute nothing.
std::vector<Case> proves_nothing() {
  Case c{.op = "ternary_matmul", .rows = 32, .cols = 1};
  while (int8_inputs(c, 1)[0] != 0) ++c.seed;
  return {c};
}

TEST(Check, MistrustsARandomCaseWhoseOutputsAreAllEqual) {
  const CheckSummary s = check(proves_nothing(), "ternary_matmul/scalar");
  EXPECT_EQ(s.mistrusted, 1);
  EXPECT_FALSE(s.ok());
  ASSERT_EQ(s.failures.size(), 1u);
  EXPECT_THAT(s.failures[0].verdict.reason, HasSubstr("all 32 outputs equal 0: this case proves nothing"));
}

TEST(CheckInProcesses, AFailureIsWhatCheckSaysOfIt) {
  const CheckSummary s = check_in_processes(proves_nothing(), "ternary_matmul/scalar", 2);
  const CheckSummary here = check(proves_nothing(), "ternary_matmul/scalar");
  EXPECT_EQ(s.mistrusted, 1);
  ASSERT_EQ(s.failures.size(), 1u);
  EXPECT_EQ(s.failures[0].id, here.failures[0].id);
  EXPECT_EQ(s.failures[0].repro, here.failures[0].repro);
  EXPECT_EQ(to_string(s.failures[0].c), to_string(here.failures[0].c));
  EXPECT_EQ(s.failures[0].verdict.check, here.failures[0].verdict.check);
  EXPECT_EQ(s.failures[0].verdict.reason, here.failures[0].verdict.reason);
}

TEST(Check, TrustsEqualOutputsWhereTheyMustBe) {
  const std::vector<Case> cases = {{.op = "ternary_matmul", .rows = 32, .cols = 5, .fill = Fill::zero}};
  EXPECT_TRUE(check(cases, "ternary_matmul/scalar").ok());
}

TEST(ClearanceCases, MeetEveryOpWithRandomAndExtremeInputs) {
  for (const char* op : all_ops()) {
    bool random = false, extreme = false;
    for (const Case& c : clearance_cases(op)) {
      EXPECT_EQ(c.op, op);
      EXPECT_EQ(refusal([&] { validate(c, op); }), "");
      random |= c.fill == Fill::random;
      extreme |= c.fill == Fill::extreme;
    }
    EXPECT_TRUE(random && extreme) << op;
  }
}

}  // namespace
}  // namespace bitproof
