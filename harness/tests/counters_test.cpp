#include "counters.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace bitproof {
namespace {

TEST(Counters, RefusedOnesAreMissingWithTheReason) {
  Counters none([](Counter) { return -ENOENT; });
  none.start();
  const CounterValues values = none.read();
  for (int i = 0; i < kCounters; ++i) {
    EXPECT_FALSE(values.value[i]) << kCounterNames[i];
    EXPECT_NE(values.why[i].find("no such counter"), std::string::npos) << values.why[i];
  }
  Counters forbidden([](Counter which) { return which == Counter::cycles ? -EACCES : -ENOSYS; });
  const CounterValues why = forbidden.read();
  EXPECT_NE(why.why[0].find("not permitted"), std::string::npos);
  EXPECT_NE(why.why[1].find("no perf_event"), std::string::npos);
}

// Whatever this machine has, a value or a reason, and never a zero that stands for "none".
TEST(Counters, OfThisMachineCountOrSayWhyNot) {
  Counters counters;
  counters.start();
  volatile int x = 0;
  for (int i = 0; i < 100'000; ++i) x = x + i;
  const CounterValues values = counters.read();
  for (int i = 0; i < kCounters; ++i)
    EXPECT_NE(values.value[i].has_value(), !values.why[i].empty()) << kCounterNames[i];
  if (!values.value[1]) GTEST_SKIP() << values.why[1];
  EXPECT_GT(*values.value[1], 100'000);
}

}  // namespace
}  // namespace bitproof
