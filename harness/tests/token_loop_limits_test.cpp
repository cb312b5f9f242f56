// Where the token loop must refuse or stop: full caches, the context, exhausted memory, interrupts.
#include <gmock/gmock.h>

#include <csignal>
#include <cstdlib>

#include "interrupt.hpp"
#include "support.hpp"
#include "token_loop.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

TEST(TokenLoopLimits, AFullCacheIsAnErrorUntilThePrefixIsReplaced) {
  Decoding d;
  const auto loop = d.bench.loop(with(best(), "kv_cache=contiguous"), 1, 3);
  feed(*loop, d.prefix().first(3));
  EXPECT_THAT(refusal([&] { loop->next(1); }), HasSubstr("kv_cache/contiguous is full at position 3"));
  const auto fresh = d.bench.loop(with(best(), "kv_cache=contiguous"), 1, 3);
  fresh->prefill(d.prefix().first(2));
  loop->prefill(d.prefix().first(2));
  EXPECT_EQ(feed(*loop, d.fed().first(1)), feed(*fresh, d.fed().first(1)));
}

TEST(TokenLoopLimits, ASnapshotOverTheCapacityIsAnError) {
  Decoding d;
  const auto source = d.bench.loop(best());
  source->prefill(d.prefix());
  for (const char* cache : {"ring", "contiguous"}) {
    const auto small = d.bench.loop(with(best(), std::string("kv_cache=") + cache), 1, kPrefix - 1);
    small->restore(d.prefix(), source->snapshot());
    EXPECT_THAT(refusal([&] { small->next(1); }), HasSubstr("is full")) << cache;
  }
}

TEST(TokenLoopLimits, NoPositionIsOverTheContext) {
  ModelShape shape = model_by_name("tiny");
  shape.context = 5;
  Decoding d(shape);
  const auto loop = d.bench.loop(with(best(), "kv_cache=ring"), 1, 3);
  feed(*loop, d.prefix().first(5));
  EXPECT_THAT(refusal([&] { loop->next(1); }), HasSubstr("the context of 5 positions is full"));
}

TEST(TokenLoopLimits, ACapacityOverTheContextIsRefused) {
  Decoding d;
  EXPECT_THAT(refusal([&] { d.bench.loop(best(), 1, 257); }), HasSubstr("257 is over the model's context of 256"));
}

// Two gate buffers of 1100 positions x 65536 floats do not fit 512 MB. The refusal comes before either is touched.
TEST(TokenLoopLimits, ExhaustedMemoryIsNamed) {
  BITPROOF_NEEDS_SIMD();
  constexpr std::int64_t kPositions = 1100;
  Decoding d(
      {.hidden = 2, .ffn = 65536, .layers = 1, .heads = 1, .kv_heads = 1, .head_dim = 2, .vocab = 16, .context = 2048});
  const auto loop = d.bench.loop(recipe_names(parse_recipe("memory_pool,simd")), 1, kPositions);
  loop->restore(std::vector<std::int32_t>(kPositions - 1, 3), {});
  EXPECT_THAT(refusal([&] { loop->next(1); }),
              testing::AllOf(HasSubstr("memory: memory/pool ran out: 288358400 bytes asked for"),
                             HasSubstr("of 536870912 in use"), HasSubstr("lower --depth")));
}

TEST(TokenLoopLimitsDeathTest, AnInterruptEndsWithoutAToken) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        Decoding d;
        const auto loop = d.bench.loop(recipe_names(kNoTechniques));
        catch_interrupts();
        std::raise(SIGINT);
        std::_Exit(loop->next(1) == -1 && loop->ledger().tokens == 0 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace bitproof
