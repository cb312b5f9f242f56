#include "sampler.hpp"

#include <gmock/gmock.h>

#include "error.hpp"

namespace bitproof {
namespace {

double now_ns = 0;
std::int64_t calls = 0;

// A clock that a read moves on by 20 ns, and an operation by its time.
double moved_by_hand() { return now_ns += 20; }

Timed operation_of(double ns, std::int64_t period = 1) {
  return {.operation =
              [ns] {
                now_ns += ns;
                ++calls;
              },
          .verify = [] { return ""; },
          .count = {},
          .cost = {},
          .period = period};
}

TEST(BatchPlan, ChunksAreLongBesideTheClockAndShortBesideTheBatch) {
  const BatchPlan fast = plan_batch(10, 20, 1, 0.25e9);
  EXPECT_EQ(fast.chunks, 25);
  EXPECT_NEAR(static_cast<double>(fast.calls) * 10, 10e6, 1e3);
  const BatchPlan slow_clock = plan_batch(10, 1e5, 1, 0.25e9);
  EXPECT_GE(static_cast<double>(slow_clock.calls) * 10, kTicks * 1e5);
  EXPECT_EQ(plan_batch(100e6, 20, 1, 0.25e9).calls, 1);
  EXPECT_EQ(plan_batch(100e6, 20, 1, 0.25e9).chunks, kFewestChunks);
}

TEST(BatchPlan, TimesWholePeriodsWhereTheyFit) {
  EXPECT_EQ(plan_batch(1e5, 20, 64, 0.25e9).calls % 64, 0);
  EXPECT_EQ(plan_batch(70e6, 20, 64, 0.25e9).calls, 1) << "64 tokens of 70 ms do not";
}

TEST(Sampler, FindsTheTimeOfACallLessTheClock) {
  Sampler sampler(operation_of(1000), {.batch_ns = 1e6, .clock = moved_by_hand});
  EXPECT_DOUBLE_EQ(sampler.clock_read_ns(), 20);
  EXPECT_NEAR(sampler.call_ns(), 1000, 1);
  std::string fault;
  calls = 0;
  const TimedBatch batch = sampler.take(fault);
  EXPECT_EQ(fault, "");
  EXPECT_EQ(std::ssize(batch.ns), sampler.plan().chunks);
  EXPECT_EQ(calls, sampler.plan().chunks * sampler.plan().calls);
  EXPECT_NEAR(batch.median_ns(), 1000, 1);
}

TEST(Sampler, InjectsASlowdownOfKnownSize) {
  Sampler sampler(operation_of(10'000), {.batch_ns = 1e6, .delay_share = 0.05, .clock = moved_by_hand});
  EXPECT_NEAR(sampler.delay_ns(), 500, 1);
  std::string fault;
  EXPECT_NEAR(sampler.take(fault).median_ns(), 10'500, 50) << "to within two reads of the clock";
}

TEST(Sampler, JudgesWhatTheTimedCallsLeft) {
  Timed wrong = operation_of(1000);
  wrong.verify = [] { return "row 3 is 5, not 6"; };
  Sampler sampler(wrong, {.batch_ns = 1e6, .clock = moved_by_hand});
  std::string fault;
  sampler.take(fault);
  EXPECT_EQ(fault, "row 3 is 5, not 6");
}

TEST(Sampler, RefusesAClockThatStandsStillOrGoesBack) {
  EXPECT_THROW(Sampler(operation_of(1000), {.clock = [] { return 0.0; }}), BadInput);
  EXPECT_THROW(Sampler(operation_of(0), {.clock = [] { return now_ns -= 20; }}), BadInput);
}

}  // namespace
}  // namespace bitproof
