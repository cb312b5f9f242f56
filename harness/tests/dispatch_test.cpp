#include "dispatch.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

TEST(Dispatch, NamesWhatALoopCalled) {
  Decoding d;
  for (const RecipeNames& names : {best(), recipe_names(kNoTechniques)}) {
    const auto loop = d.bench.loop(names, 2);
    loop->next(1);
    EXPECT_EQ(loop->dispatch().ran(names), names);
    EXPECT_EQ(loop->dispatch().difference(names), "");
  }
}

TEST(Dispatch, TellsAnotherVariantTwoOfThemNoneAndAStranger) {
  const RecipeNames scalar = with(best(), "rope=scalar"), autovec = with(best(), "rope=autovec");
  const auto* a = find_variant<rope::Kernel>("rope/scalar")->kernel;
  const auto* b = find_variant<rope::Kernel>("rope/autovec")->kernel;
  Dispatch record;
  EXPECT_EQ(record.ran(scalar)["rope"], "nothing");
  EXPECT_EQ(record(SlotOp::rope, a->run), a->run);
  EXPECT_EQ(record.ran(scalar)["rope"], "rope/scalar");
  EXPECT_EQ(record.ran(autovec)["rope"], "rope/scalar") << "not what was asked for";
  record(SlotOp::rope, b->run);
  EXPECT_EQ(record.ran(scalar)["rope"], "rope/scalar and rope/autovec");
  Dispatch stranger;
  stranger(
      SlotOp::rope, +[](const rope::Call&, Tile) {});
  EXPECT_EQ(stranger.ran(scalar)["rope"], "a function of no variant");
}

TEST(Dispatch, AMismatchNamesBoth) {
  Decoding d;
  const auto loop = d.bench.loop(with(best(), "rms_norm=scalar"));
  loop->next(1);
  EXPECT_THAT(loop->dispatch().difference(with(best(), "rms_norm=autovec")),
              HasSubstr("rms_norm/scalar ran in place of rms_norm/autovec"));
}

}  // namespace
}  // namespace bitproof
