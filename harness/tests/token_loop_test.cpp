#include "token_loop.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>

#include "gates.hpp"
#include "interrupt.hpp"
#include "reference/bounded.hpp"
#include "reference/token_loop.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;
using Logits = std::vector<std::vector<float>>;  // of each token that was fed

constexpr std::int64_t kPrefix = 20, kFed = 4;

// One model, its prompt, and the loops over it.
struct Decoding {
  LoopBench bench;
  std::vector<std::int32_t> prompt = bench.model().model().prompt(kPrefix + kFed);

  explicit Decoding(const ModelShape& shape = model_by_name("tiny")) : bench(shape) {}

  std::span<const std::int32_t> prefix() const { return std::span(prompt).first(kPrefix); }
  std::span<const std::int32_t> fed() const { return std::span(prompt).last(kFed); }

  Logits logits(const RecipeNames& names, int threads = 1) {
    const auto loop = bench.loop(names, threads);
    loop->prefill(prefix());
    return feed(*loop, fed());
  }
};

RecipeNames with(RecipeNames names, const std::string& slot) {
  apply_slot(names, slot);
  return names;
}

RecipeNames best() { return recipe_names(parse_recipe(machine_has_simd() ? "best" : "memory_pool,threading,kv_cache")); }

double kld(const std::vector<double>& truth, const std::vector<float>& got) {
  return reference::kld(truth, std::vector<double>(got.begin(), got.end()));
}

std::string ledger_fault(const TokenLoop& loop, const ModelShape& shape, std::int64_t length, std::int64_t tokens) {
  Ledger want;
  add_expected(want, shape, loop.weight_bytes(), Decode{length, tokens, loop.keeps_past(), loop.capacity()});
  return difference(loop.ledger(), want);
}

void expect_like_the_reference(const ModelShape& shape) {
  Decoding d(shape);
  const reference::ModelWeights weights = d.bench.model().model().materialize();
  std::vector<std::vector<double>> truth;
  for (std::int64_t n = 1; n <= kFed; ++n) {
    truth.push_back(reference::forward(shape, weights, std::span(d.prompt).first(kPrefix + n)).logits);
  }
  std::vector<Techniques> sets = {kNoTechniques, kAllTechniques, parse_recipe("best")};
  for (int t = 0; t < kTechniqueCount; ++t) sets.push_back(Techniques{}.with(static_cast<Technique>(t)));
  for (const Techniques set : sets) {
    if (set.has(Technique::simd) && !machine_has_simd()) continue;
    const Logits got = d.logits(recipe_names(set), set.has(Technique::threading) ? 2 : 1);
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_LE(kld(truth[i], got[i]), kMostKld) << recipe_name(set) << ", token " << i;
    }
  }
}

TEST(TokenLoop, TinyModelEqualsTheReferenceLoop) { expect_like_the_reference(model_by_name("tiny")); }

// Everything that tiny has not: odd sizes, one kv head, no sub-norms, ReLU^2, interleaved RoPE, a head of its own.
TEST(TokenLoop, AnotherArchitectureEqualsTheReferenceLoop) {
  expect_like_the_reference({.hidden = 90,
                             .ffn = 130,
                             .layers = 2,
                             .heads = 3,
                             .kv_heads = 1,
                             .head_dim = 30,
                             .vocab = 77,
                             .context = 64,
                             .activation = gated_ffn::Activation::relu_squared,
                             .rope_style = rope::Style::interleaved,
                             .rope_base = 5e5,
                             .sub_norms = false,
                             .tied_head = false});
}

TEST(TokenLoop, LogitsAreBitIdenticalWhateverMultipliesAllocatesSplitsOrPrefetches) {
  Decoding d;
  const RecipeNames base = best();
  const Logits want = d.logits(base);
  for (const auto& v : variants<ternary_matmul::Kernel>()) {
    if (!v.runnable() || v.info->exactness != Exactness::exact) continue;
    EXPECT_EQ(d.logits(with(base, "ternary_matmul=" + v.id)), want) << v.id;
  }
  for (const auto& v : variants<dense_matmul::Kernel>()) {
    if (!v.runnable()) continue;
    EXPECT_EQ(d.logits(with(base, "dense_matmul=" + v.id)), want) << v.id;
  }
  EXPECT_EQ(d.logits(with(base, "memory=malloc")), want);
  for (const auto& v : variants<threading::Kernel>()) {
    for (const int threads : {1, 2, 3}) EXPECT_EQ(d.logits(with(base, "threading=" + v.id), threads), want) << v.id << threads;
  }
}

// A batched pass and single positions meet the same rows, in sums that depend on the visible positions only.
TEST(TokenLoop, EveryCacheGivesTheSameLogits) {
  Decoding d;
  for (const char* arithmetic : {"none", "simd"}) {
    if (arithmetic == std::string("simd") && !machine_has_simd()) continue;
    const RecipeNames base = recipe_names(parse_recipe(arithmetic));
    const Logits want = d.logits(with(base, "kv_cache=recompute"));
    EXPECT_EQ(d.logits(with(base, "kv_cache=contiguous")), want) << arithmetic;
    EXPECT_EQ(d.logits(with(base, "kv_cache=ring")), want) << arithmetic;
  }
}

TEST(TokenLoop, ASnapshotContinuesWhereItsOwnPrefillWould) {
  Decoding d;
  const Logits want = d.logits(best());
  const auto source = d.bench.loop(best());
  source->prefill(d.prefix());
  const KvSnapshot snapshot = source->snapshot();
  EXPECT_EQ(snapshot.positions, kPrefix);
  EXPECT_EQ(std::ssize(snapshot.k), d.bench.shape().layers * kPrefix * d.bench.shape().kv_width());
  for (const char* cache : {"ring", "contiguous", "recompute"}) {
    const auto loop = d.bench.loop(with(best(), std::string("kv_cache=") + cache));
    loop->prefill(std::span(d.prompt).first(7));  // to be forgotten
    loop->restore(d.prefix(), snapshot);
    EXPECT_EQ(feed(*loop, d.fed()), want) << cache;
  }
}

TEST(TokenLoop, ARewoundLoopDecodesTheSameAgain) {
  Decoding d;
  for (const char* cache : {"ring", "contiguous", "recompute"}) {
    const auto loop = d.bench.loop(with(best(), std::string("kv_cache=") + cache));
    loop->prefill(d.prefix());
    const Logits first = feed(*loop, d.fed());
    loop->rewind(kPrefix);
    EXPECT_EQ(loop->length(), kPrefix);
    EXPECT_EQ(loop->ledger().tokens, 0);
    EXPECT_EQ(feed(*loop, d.fed()), first) << cache;
  }
}

TEST(TokenLoop, NextTokenIsTheLargestLogit) {
  Decoding d;
  const auto loop = d.bench.loop(best());
  loop->prefill(d.prefix());
  const std::int32_t token = loop->next(d.prompt.back());
  EXPECT_EQ(token, std::ranges::max_element(loop->logits()) - loop->logits().begin());
}

TEST(TokenLoop, LedgerIsTheModelsAfterSeveralTokens) {
  Decoding d;
  for (const char* cache : {"ring", "contiguous", "recompute"}) {
    const auto loop = d.bench.loop(with(best(), std::string("kv_cache=") + cache), 2);
    loop->prefill(d.prefix());
    EXPECT_EQ(loop->ledger().positions, 0) << "a prefill is not booked";
    feed(*loop, d.fed());
    EXPECT_EQ(ledger_fault(*loop, d.bench.shape(), kPrefix, kFed), "") << cache;
    EXPECT_EQ(loop->ledger().tokens, kFed);
    const std::int64_t recomputed = kFed * kPrefix + kFed * (kFed + 1) / 2;
    EXPECT_EQ(loop->ledger().positions, loop->keeps_past() ? kFed : recomputed) << cache;
    loop->reset_ledger();
    EXPECT_EQ(ledger_fault(*loop, d.bench.shape(), 0, 0), "");
  }
}

TEST(TokenLoop, ThreadsThatRanTilesAreSeen) {
  Decoding d;
  const auto seen = [&](const RecipeNames& names, int threads) {
    const auto loop = d.bench.loop(names, threads);
    loop->next(1);
    return loop->threads_seen();
  };
  EXPECT_EQ(seen(with(best(), "threading=omp_static"), 3), 3);
  EXPECT_EQ(seen(with(best(), "threading=serial"), 3), 1) << "asking for threads is not having them";
}

TEST(TokenLoop, APoolAsksTheSystemForNothing) {
  Decoding d;
  for (const char* memory : {"pool", "malloc"}) {
    const auto loop = d.bench.loop(with(best(), std::string("memory=") + memory));
    loop->next(1);
    EXPECT_EQ(loop->memory_usage().system_calls == 0, memory == std::string("pool"));
    EXPECT_EQ(loop->memory_usage().in_use_bytes, 0u) << "everything is given back after a token";
  }
}

// A ring of 8 decodes 20 tokens: what a query sees is the last 8 positions, deeper layers having seen more.
TEST(TokenLoop, ARingThatWrapsEqualsTheReferenceUnderItsWindow) {
  constexpr std::int64_t kCapacity = 8;
  Decoding d;
  const auto loop = d.bench.loop(with(best(), "kv_cache=ring"), 1, kCapacity);
  const Logits got = feed(*loop, d.prefix());
  ModelShape windowed = d.bench.shape();
  windowed.context = kCapacity;
  const reference::ModelWeights weights = d.bench.model().model().materialize();
  for (const std::size_t n : {8, 9, 20}) {
    const auto truth = reference::forward(windowed, weights, std::span(d.prompt).first(n)).logits;
    EXPECT_LE(kld(truth, got[n - 1]), kMostKld) << n;
  }
  EXPECT_EQ(ledger_fault(*loop, d.bench.shape(), 0, kPrefix), "");
}

TEST(TokenLoop, AFullCacheIsAnErrorUntilThePrefixIsReplaced) {
  Decoding d;
  const auto loop = d.bench.loop(with(best(), "kv_cache=contiguous"), 1, 3);
  feed(*loop, d.prefix().first(3));
  EXPECT_THAT(refusal([&] { loop->next(1); }), HasSubstr("kv_cache/contiguous is full at position 3"));
  const auto fresh = d.bench.loop(with(best(), "kv_cache=contiguous"), 1, 3);
  fresh->prefill(d.prefix().first(2));
  loop->prefill(d.prefix().first(2));
  EXPECT_EQ(feed(*loop, d.fed().first(1)), feed(*fresh, d.fed().first(1)));
}

TEST(TokenLoop, ASnapshotOverTheCapacityIsAnError) {
  Decoding d;
  const auto source = d.bench.loop(best());
  source->prefill(d.prefix());
  for (const char* cache : {"ring", "contiguous"}) {
    const auto small = d.bench.loop(with(best(), std::string("kv_cache=") + cache), 1, kPrefix - 1);
    small->restore(d.prefix(), source->snapshot());
    EXPECT_THAT(refusal([&] { small->next(1); }), HasSubstr("is full")) << cache;
  }
}

TEST(TokenLoop, ACapacityOverTheContextIsRefused) {
  Decoding d;
  EXPECT_THAT(refusal([&] { d.bench.loop(best(), 1, 257); }), HasSubstr("257 is over the model's context of 256"));
}

// Two gate buffers of 1100 positions x 65536 floats do not fit 512 MB. The refusal comes before either is touched.
TEST(TokenLoop, ExhaustedMemoryIsNamed) {
  BITPROOF_NEEDS_SIMD();
  constexpr std::int64_t kPositions = 1100;
  Decoding d({.hidden = 2, .ffn = 65536, .layers = 1, .heads = 1, .kv_heads = 1, .head_dim = 2, .vocab = 16,
              .context = 2048});
  const auto loop = d.bench.loop(recipe_names(parse_recipe("memory_pool,simd")), 1, kPositions);
  loop->restore(std::vector<std::int32_t>(kPositions - 1, 3), {});
  EXPECT_THAT(refusal([&] { loop->next(1); }),
              testing::AllOf(HasSubstr("memory: memory/pool ran out: 288358400 bytes asked for"), HasSubstr("of 536870912 in use"),
                             HasSubstr("lower --depth")));
}

TEST(TokenLoopDeathTest, AnInterruptEndsWithoutAToken) {
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
