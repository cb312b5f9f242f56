#include "dose.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "rng.hpp"
#include "support.hpp"
#include "whatif.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

// A clock of our own: it moves on by a little, and not evenly, when it is read, and by what is waited.
double now_ns = 0;
Rng jitter(5);
double read_clock() { return now_ns += 100 + 20 * jitter.gaussian(); }
void wait(double ns) { now_ns += ns; }
void wait_half(double ns) { now_ns += ns / 2; }

DoseResponse inject(const std::string& slot, void (*how)(double) = wait) {
  const ArmSpec spec = arm_of(parse_recipe("default").without(Technique::threading), 1);
  Workbench bench({.model = "tiny", .depth = 3}, {spec}, shared_clearance());
  const Recipe recipe = shared_clearance().clear(spec.names);
  return DoseBench(bench.model(), spec, recipe).run(slot, {.depth = 3, .rounds = 6, .clock = read_clock, .wait = how});
}

// Of 14 intervals of 95 %, one may miss; more than two would be no chance.
TEST(Dose, APlantedDelayIsItsOps) {
  BITPROOF_NEEDS_SIMD();
  int missed = 0;
  for (const std::string slot :
       {"ternary_matmul", "attention", "memory", "sampling", "kv_cache", "threading", "rms_norm"}) {
    const DoseResponse r = inject(slot);
    EXPECT_GT(r.calls, 0) << slot;
    for (const ContrastEstimate& e : {r.wall, r.booked}) {
      EXPECT_EQ(e.rounds, 6) << slot;
      EXPECT_NEAR(e.value, 1, 0.1) << slot;
      EXPECT_LT(e.half_width, 0.2) << slot;
      missed += std::abs(e.value - 1) > e.half_width;
    }
  }
  EXPECT_LE(missed, 2);
}

TEST(Dose, ADelayThatOnlyHalfArrivesIsRejected) {
  BITPROOF_NEEDS_SIMD();
  const DoseResponse r = inject("ternary_matmul", wait_half);
  EXPECT_NEAR(r.wall.value, 0.5, 0.1);
  EXPECT_FALSE(r.holds());
}

TEST(Dose, TheSlopeIsLeastSquares) {
  const Dose doses[] = {{0}, {1}, {2}, {4}};
  const Contrast c = slope_contrast(doses);
  const double y[] = {3, 5, 7, 11};  // 3 + 2 x
  double slope = 0, sum = 0;
  for (std::size_t i = 0; i < 4; ++i) slope += c[i] * y[i], sum += c[i];
  EXPECT_NEAR(slope, 2, 1e-12);
  EXPECT_NEAR(sum, 0, 1e-12);
}

TEST(WhatIf, IsAmdahls) {
  const DoseResponse exact{.slot = "x", .doses = {}, .wall = {1, 0.1, 5, 6}};
  const WhatIf w = what_if(100, 40, 2, exact);
  EXPECT_DOUBLE_EQ(w.predicted_ns, 80);
  EXPECT_DOUBLE_EQ(w.low_ns, 78);
  EXPECT_DOUBLE_EQ(w.high_ns, 82);
  EXPECT_DOUBLE_EQ(w.most, 1 / 0.6);
}

TEST(WhatIf, KnowsOpsAndSlots) {
  EXPECT_EQ(find_profiled_op("ternary_matmul").ops.size(), 8u);
  EXPECT_EQ(find_profiled_op("ternary_matmul:gate").slot, "ternary_matmul");
  EXPECT_EQ(find_profiled_op("lm_head").slot, "dense_matmul");
  EXPECT_THAT(refusal([] { find_profiled_op("atention"); }), HasSubstr("did you mean attention"));
  EXPECT_EQ(parse_factor("2x"), 2);
  EXPECT_EQ(parse_factor("1.5"), 1.5);
  for (const char* text : {"", "x", "0x", "-2x", "2y", "inf"})
    EXPECT_THAT(refusal([&] { parse_factor(text); }), HasSubstr("--faster")) << text;
}

}  // namespace
}  // namespace bitproof
