#include "placement.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

namespace bitproof {
namespace {

using namespace std::chrono_literals;

StateTracker tracker_of(const std::vector<double>& readings) {
  StateTracker tracker;
  for (double ns : readings) tracker.add({ns, "", {}});
  return tracker;
}

TEST(StateTracker, NamesTwoClusters) {
  const StateTracker tracker = tracker_of({170, 26, 28, 165, 30, 180, 27});
  EXPECT_DOUBLE_EQ(*tracker.boundary_ns(), std::sqrt(30.0 * 165));
  EXPECT_EQ(tracker.label(26), "A");
  EXPECT_EQ(tracker.label(180), "B");
  EXPECT_EQ(tracker.label(std::nullopt), "unknown");
}

TEST(StateTracker, OneClusterIsOneState) {
  EXPECT_EQ(tracker_of({40, 45, 50, 60, 75, 79}).label(40), "one state");
  EXPECT_EQ(tracker_of({}).label(40), "one state");
}

TEST(StateTracker, AFewOddReadingsAreNoState) {
  EXPECT_EQ(tracker_of({26, 27, 28, 29, 30, 160, 170}).label(170), "one state");
}

TEST(StateTracker, AnOutlierDoesNotHideTheTwoStates) {
  const StateTracker tracker = tracker_of({26, 27, 28, 160, 165, 170, 9000});
  EXPECT_EQ(tracker.label(28), "A");
  EXPECT_EQ(tracker.label(160), "B");
  EXPECT_EQ(tracker.label(9000), "B");
}

TEST(StateTracker, MissingReadingsAreNotCounted) {
  StateTracker tracker = tracker_of({26, 27, 28, 160, 165});
  tracker.add({std::nullopt, "busy", {}});
  EXPECT_FALSE(tracker.boundary_ns());
}

TEST(PingPong, MeasuresOrSaysWhyNot) {
  const std::vector<int> cpus = usable_cpus();
  if (cpus.size() < 2) GTEST_SKIP() << "one usable CPU";
  const Fact<double> latency = ping_pong_ns(cpus[0], cpus[1]);
  if (latency.value) {
    EXPECT_GT(*latency.value, 0);
    EXPECT_TRUE(std::isfinite(*latency.value));
  } else {
    EXPECT_FALSE(latency.why.empty());
  }
}

TEST(PingPong, EndsWithAReasonWhenItCannotRun) {
  const int cpu = usable_cpus().at(0);
  EXPECT_FALSE(ping_pong_ns(cpu, cpu, 1ms).value);  // two spinning threads on one CPU: as if the other were busy
  const Fact<double> nowhere = ping_pong_ns(cpu, 8000, 1ms);
  EXPECT_FALSE(nowhere.value);
  EXPECT_FALSE(nowhere.why.empty());
}

TEST(PingPong, LeavesTheAffinityOfItsCaller) {
  const std::vector<int> before = usable_cpus();
  probe_state();
  EXPECT_EQ(usable_cpus(), before);
}

TEST(ProbeState, HasAReadingOrAReason) {
  const MachineState state = probe_state();
  EXPECT_NE(state.ping_pong_ns.has_value(), !state.why.empty());
  EXPECT_GT(state.load.wall_s, 0);
}

TEST(LoadWatch, ShortIntervalsHaveNoFractions) {
  Load load = LoadWatch().read();
  for (int n = 0; n < 1000 && load.wall_s > 0.05; ++n) load = LoadWatch().read();  // stopped between the two readings
  EXPECT_FALSE(load.foreign_fraction);
  EXPECT_FALSE(load.steal_fraction);
  EXPECT_FALSE(load.why.empty());
}

TEST(LoadWatch, SeparatesOwnTimeFromOthers) {
  const LoadWatch watch;
  while (watch.read().wall_s < 0.15) {
  }
  const Load load = watch.read();
  EXPECT_GT(load.own_cpus, 0);
  if (!load.foreign_fraction) GTEST_SKIP() << load.why;
  EXPECT_LE(*load.foreign_fraction + load.own_cpus / static_cast<double>(usable_cpus().size()), 1.2);
  EXPECT_GE(*load.steal_fraction, 0);
  EXPECT_GE(load.involuntary_switches, 0);
  EXPECT_GE(load.run_queue_wait_ns, 0);
}

}  // namespace
}  // namespace bitproof
