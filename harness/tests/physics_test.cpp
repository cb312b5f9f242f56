#include "physics.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "together.hpp"
#include "zoo/made_up_machine.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// Read once, from memory that is read round and round.
Work streamed(double bytes, double cycle = 1e9) { return {.read_bytes = bytes, .cycle_bytes = cycle}; }
Work cached(double bytes) { return streamed(bytes, bytes); }
Work of(OpKind kind, double ops) {
  Work work;
  work[kind] = ops;
  return work;
}

Judgement judged(const Work& work, double ns, int threads = 1) {
  return judge(work, ns, threads, kOneState, made_up_machine());
}
Physics verdict(const Work& work, double ns, int threads = 1) { return judged(work, ns, threads).verdict; }

TEST(Physics, MemoryIsReadNoFasterThanItsCeiling) {
  EXPECT_EQ(verdict(streamed(1000), 100), Physics::possible) << "10 GB/s";
  EXPECT_EQ(verdict(streamed(1000), 97), Physics::possible) << "inside the spread of the ceiling";
  EXPECT_EQ(verdict(streamed(1000), 90), Physics::impossible);
  EXPECT_EQ(verdict(streamed(1000), 60, 2), Physics::possible) << "20 GB/s on two threads";
  const Judgement ten_times = judged(streamed(1000), 10);
  EXPECT_EQ(ten_times.verdict, Physics::impossible);
  EXPECT_EQ(ten_times.bound_by, "memory read");
  EXPECT_NEAR(ten_times.share(), 10, 0.01);
  EXPECT_THAT(ten_times.why, AllOf(HasSubstr("1000 % of what this machine can do"), HasSubstr("10 GB/s")));
}

TEST(Physics, ACacheServesWhatItCanHold) {
  EXPECT_EQ(judged(cached(800), 10).bound_by, "L1 read");
  EXPECT_EQ(verdict(cached(800), 8), Physics::possible);
  EXPECT_EQ(verdict(cached(800), 0.8), Physics::impossible) << "10 x L1";
  EXPECT_EQ(verdict(cached(8000), 160), Physics::possible) << "50 GB/s from L2";
  EXPECT_EQ(judged(cached(8000), 16).bound_by, "L2 read");
  EXPECT_EQ(verdict(cached(8000), 16), Physics::impossible) << "10 x L2";
  // A tenth more than L1 holds: nine tenths may come from it, whatever it replaces.
  EXPECT_EQ(verdict(cached(1100), 11), Physics::possible);
  // Just more than all caches hold: only the excess needs memory.
  EXPECT_EQ(verdict(cached(12000), 240), Physics::possible);
  EXPECT_EQ(verdict(streamed(12000), 240), Physics::impossible) << "the same bytes, found cold";
  // Two threads have two L1.
  EXPECT_EQ(verdict(cached(1900), 10, 2), Physics::possible);
  EXPECT_EQ(verdict(cached(1900), 10, 1), Physics::impossible);
}

TEST(Physics, AWriteIsAtLeastALoadThatHits) {
  const Work work{.written_bytes = 1000};
  EXPECT_EQ(verdict(work, 10), Physics::possible);
  EXPECT_EQ(verdict(work, 1), Physics::impossible);
}

TEST(Physics, OperationsRunNoFasterThanTheFastestISA) {
  EXPECT_EQ(verdict(of(OpKind::multiply_add, 2000), 10), Physics::possible);
  EXPECT_EQ(verdict(of(OpKind::multiply_add, 2000), 9), Physics::possible) << "the clock may have risen";
  EXPECT_EQ(verdict(of(OpKind::multiply_add, 2000), 1), Physics::impossible);
  EXPECT_EQ(verdict(of(OpKind::multiply_add, 2000), 5, 2), Physics::possible);
  EXPECT_EQ(verdict(of(OpKind::look_up, 400), 10), Physics::possible);
  EXPECT_EQ(verdict(of(OpKind::look_up, 400), 1), Physics::impossible);
  EXPECT_EQ(verdict(of(OpKind::float_multiply_add, 800), 10), Physics::possible);
  EXPECT_EQ(verdict(of(OpKind::float_multiply_add, 800), 1), Physics::impossible);
}

TEST(Physics, TheSlowerOfBytesAndOperationsDecides) {
  Work work = streamed(1000);
  work[OpKind::multiply_add] = 2000;
  EXPECT_EQ(judged(work, 100).bound_by, "memory read");
  work[OpKind::multiply_add] = 2'000'000;
  EXPECT_EQ(judged(work, 1e5).bound_by, "int8 multiply-add");
  EXPECT_NEAR(least_ns(limits(work, 1, kOneState, made_up_machine())), 2'000'000 / 200.0 / kMostOfPeak, 1e-6);
}

TEST(Physics, NoWorkIsNothingToJudge) { EXPECT_EQ(verdict({}, 1), Physics::nothing); }

TEST(Physics, NoTimeAtAllIsImpossible) { EXPECT_EQ(verdict(streamed(1000), 0), Physics::impossible); }

TEST(Physics, WithoutACeilingNothingIsJudgedAndTheReasonIsSaid) {
  const auto because = [](const Judgement& j) {
    EXPECT_EQ(j.verdict, Physics::not_judged);
    return j.why;
  };
  EXPECT_THAT(because(judged(streamed(1000), 1, 3)), HasSubstr("3 thread(s)"));
  EXPECT_THAT(because(judge(streamed(1000), 1, 1, {}, made_up_machine())), HasSubstr("placement"));
  EXPECT_THAT(because(judge(streamed(1000), 1, 1, {"B"}, made_up_machine())), HasSubstr("state B"));
  CeilingTable no_caches = made_up_machine();
  no_caches.caches.clear();
  EXPECT_THAT(because(judge(streamed(1000), 1, 1, kOneState, no_caches)), HasSubstr("sizes of the caches"));

  CeilingTable too_few;
  too_few.caches = {{1, 1000, 1}};
  too_few.add(made_up_reads(1, 10, static_cast<int>(kFewestCeilingSamples) - 1));
  too_few.add(made_up_peaks("L1 read", "", 1, 100));
  EXPECT_THAT(because(judge(streamed(1000), 50, 1, kOneState, too_few)), HasSubstr("memory read"));
}

// What is known already rejects it, whatever else is missing.
TEST(Physics, OneCeilingIsEnoughToReject) {
  Work work = streamed(1000);
  work[OpKind::look_up] = 1;
  CeilingTable table = made_up_machine();
  std::erase_if(table.peaks, [](const PeakSample& s) { return s.what == name(OpKind::look_up); });
  EXPECT_EQ(judge(work, 100, 1, kOneState, table).verdict, Physics::not_judged);
  EXPECT_EQ(judge(work, 10, 1, kOneState, table).verdict, Physics::impossible);
}

// Two placements, the second with twice the bandwidth: samples of both may have all been in the faster.
TEST(Physics, MixedStatesAreHeldAgainstTheFaster) {
  CeilingTable table;
  table.caches = {{1, 1000, 1}};
  for (const auto& [placement, gb_per_s] : {std::pair{30.0, 10.0}, std::pair{170.0, 20.0}}) {
    table.add(made_up_reads(1, gb_per_s, 3, placement));
    table.add(made_up_peaks("L1 read", "", 1, 100, 3, placement));
  }
  EXPECT_EQ(judge(streamed(1000), 60, 1, {"A"}, table).verdict, Physics::impossible);
  EXPECT_EQ(judge(streamed(1000), 60, 1, {"B"}, table).verdict, Physics::possible);
  EXPECT_EQ(judge(streamed(1000), 60, 1, {"A", "B"}, table).verdict, Physics::possible);
  EXPECT_EQ(judge(streamed(1000), 20, 1, {"A", "B"}, table).verdict, Physics::impossible);

  using Readings = std::vector<std::optional<double>>;
  EXPECT_EQ(table.states_of(Readings{30.0, 31.0}), std::set<std::string>{"A"});
  EXPECT_EQ(table.states_of(Readings{30.0, 170.0}), (std::set<std::string>{"A", "B"}));
  EXPECT_EQ(table.states_of(Readings{30.0, {}}), (std::set<std::string>{"A", "B"})) << "the unknown one may be either";
  EXPECT_TRUE(table.states_of(Readings{{}, {}}).empty());
}

TEST(CeilingTable, SetsAsideWhatDidNotHaveItsCpus) {
  CeilingTable table;
  std::vector<PeakSample> samples = made_up_peaks("L1 read", "", 2, 100);
  samples[0].cpus = 1.2;
  table.add(samples);
  EXPECT_EQ(table.set_aside(), 1);
  EXPECT_FALSE(table.peak("L1 read", 2, "one state")) << "two are too few";
}

// A busy host once left the narrow instruction's samples alone, and real kernels were called impossible by them.
TEST(CeilingTable, WithoutTheFastestPatternThereIsNoPeak) {
  CeilingTable table;
  table.add(made_up_peaks("int8 multiply-add", "scalar", 1, 20));
  EXPECT_TRUE(table.peak("int8 multiply-add", 1, "one state"));
  std::vector<PeakSample> wide = made_up_peaks("int8 multiply-add", "avx512vnni", 1, 150);
  for (PeakSample& s : wide) s.cpus = 0.5;
  table.add(wide);
  EXPECT_FALSE(table.peak("int8 multiply-add", 1, "one state"));
  EXPECT_TRUE(table.peak("int8 multiply-add", 1, "one state", "scalar")) << "asked for by name";
  EXPECT_EQ(table.most("int8 multiply-add", 1, "one state"), 0);
  std::vector<PeakSample> alike = made_up_peaks("int8 multiply-add", "avx2", 1, 130);
  table.add(alike);
  EXPECT_EQ(table.peak("int8 multiply-add", 1, "one state")->isa, "avx2")
      << "as fast as the missing one, but for the margin";
  EXPECT_EQ(table.most("int8 multiply-add", 1, "one state"), 150) << "the disturbed one";
  table.add(made_up_peaks("int8 multiply-add", "avx512vnni", 1, 200));
  EXPECT_EQ(table.peak("int8 multiply-add", 1, "one state")->per_ns.median, 200);
}

TEST(Physics, WhatTheMachineDidInOneSampleItCanDo) {
  CeilingTable table = made_up_machine();
  for (int n = 0; n < 20; ++n) table.add(made_up_peaks("int8 multiply-add", "avx512vnni", 1, 50));  // a busy hour
  EXPECT_LT(table.peak("int8 multiply-add", 1, "one state")->per_ns.ci_high, 200);
  EXPECT_EQ(judge(of(OpKind::multiply_add, 2000), 10, 1, kOneState, table).verdict, Physics::possible);
  EXPECT_EQ(judge(of(OpKind::multiply_add, 2000), 7, 1, kOneState, table).verdict, Physics::impossible);
  std::vector<ReadSample> disturbed = made_up_reads(1, 12, 1);
  disturbed[0].load.own_cpus = 0.5;
  EXPECT_EQ(judge(streamed(1000), 83, 1, kOneState, table).verdict, Physics::impossible) << "12 GB/s of 10";
  table.add(disturbed);
  EXPECT_EQ(table.at(1, "one state")->gb_per_s.median, 10) << "it is no sample of the ceiling";
  EXPECT_EQ(judge(streamed(1000), 83, 1, kOneState, table).verdict, Physics::possible) << "but the machine did it";
}

TEST(Retaker, TakesUntilASampleIsGoodAndNotLongInVain) {
  Retaker retake;
  int takes = 0;
  const auto take = [&] { return ++takes; };
  const auto never = [](int) { return false; };
  EXPECT_EQ(retake(take, [](int n) { return n == 3; }), 3);
  takes = 0;
  EXPECT_EQ(retake(take, never), Retaker::kMostTakes) << "kept, for the table to set aside";
  takes = 0;
  const auto slow = [&] { return std::this_thread::sleep_for(std::chrono::milliseconds(300)), ++takes; };
  EXPECT_THAT(retake(slow, never), testing::AnyOf(2, 3)) << "one or two in vain are more than half a second";
  takes = 0;
  EXPECT_EQ(retake(take, never), 1) << "the host is busy throughout";
}

TEST(CeilingTable, PeaksAreOfTheBestISAUnlessOneIsAskedFor) {
  const CeilingTable table = made_up_machine();
  const std::string what = name(OpKind::multiply_add);
  EXPECT_EQ(table.peak(what, 1, "one state")->isa, "avx512vnni");
  EXPECT_EQ(table.peak(what, 1, "one state", "scalar")->per_ns.median, 20);
  EXPECT_FALSE(table.peak(what, 1, "unknown"));
  EXPECT_FALSE(table.peak("AMX", 1, "one state"));
}

}  // namespace
}  // namespace bitproof
