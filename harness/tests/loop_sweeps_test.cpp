#include "loop_sweeps.hpp"

#include <gmock/gmock.h>

#include "support.hpp"
#include "token_physics.hpp"
#include "workbench.hpp"
#include "zoo/made_up_machine.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kFilled = 70;

class LoopSweeps : public testing::Test {
 protected:
  LoopSweeps()
      : bench_({.model = "tiny", .depth = kFilled, .tokens = 2}, {arm_of(techniques(Technique::kv_cache), 1)},
               shared_clearance()) {
    arm().sample(bench_.prompt(), bench_.prefix(), 1);
  }
  Arm& arm() { return *bench_.arms()[0]; }

  // What is said of a point that took so long a token, on a machine of round numbers.
  std::vector<std::string> said_of(TimedPoint point, double tok_per_s) {
    point.tok_per_s = {tok_per_s};
    return faults({&point, 1}, "depth", arm(), made_up_machine());
  }

  Workbench bench_;
};

TEST_F(LoopSweeps, OfDepthsIsADepthARateAndATokensWork) {
  const auto points = time_depths(arm(), bench_.prompt(), 2, 3);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[0].positions, 64);
  EXPECT_EQ(points[1].positions, kFilled);
  for (const TimedPoint& p : points) {
    EXPECT_EQ(p.tok_per_s.size(), 3u);
    EXPECT_EQ(p.work.tokens, 2);
    EXPECT_THAT(said_of(p, 1e-3), IsEmpty());
    EXPECT_THAT(said_of(p, 1e12), ElementsAre(AllOf(HasSubstr("IMPOSSIBLE"), HasSubstr("depth"))));
  }
  EXPECT_GT(points[1].work.total_bytes(), points[0].work.total_bytes()) << "a longer cache is read";
}

TEST_F(LoopSweeps, APrefillFasterThanItsLeastWorkIsImpossible) {
  const TimedPoint prefill = time_prefill(arm(), bench_.model().model(), 8, 2);
  EXPECT_EQ(prefill.tok_per_s.size(), 2u);
  const double least_s = least_ns(limits(token_work(prefill.work, traits_of(arm().shape(), arm().spec().names)), 1,
                                         kOneState, made_up_machine())) *
                         1e-9;
  EXPECT_THAT(said_of(prefill, 8 / (1.5 * least_s)), IsEmpty());
  EXPECT_THAT(said_of(prefill, 8 / (least_s / 1.5)), ElementsAre(HasSubstr("IMPOSSIBLE")));
}

}  // namespace
}  // namespace bitproof
