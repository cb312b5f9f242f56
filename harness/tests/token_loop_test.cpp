#include "token_loop.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "error.hpp"
#include "layer_check.hpp"
#include "reference/bounded.hpp"
#include "reference/token_loop.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

std::string ledger_fault(const TokenLoop& loop, const ModelShape& shape, std::int64_t length, std::int64_t tokens) {
  Ledger want;
  add_expected(want, shape, loop.weight_bytes(), Decode{length, tokens, loop.keeps_past(), loop.capacity()});
  return difference(loop.ledger(), want);
}

// Every step from inputs identical to the reference's, and the logits of the free run with its ties set.
void expect_like_the_reference(const ModelShape& shape) {
  Decoding d(shape);
  const LayerTruth truth(d.bench.model(), d.prompt, 64);
  std::vector<Techniques> sets = {kNoTechniques, kAllTechniques, parse_recipe("default")};
  for (int t = 0; t < kTechniqueCount; ++t) sets.push_back(Techniques{}.with(static_cast<Technique>(t)));
  for (const Techniques set : sets) {
    if (set.has(Technique::simd) && !machine_has_simd()) continue;
    const Recipe recipe = shared_clearance().clear(recipe_names(set));
    const int threads = set.has(Technique::threading) ? 2 : 1;
    const LayerCheck check = check_layers(truth, recipe, {.threads = threads, .prefix = kPrefix}, TokenLoop::make);
    EXPECT_TRUE(check.verdict.ok()) << recipe_name(set) << ": " << check.verdict.check << ": " << check.verdict.reason;
    const std::int64_t steps_a_layer = shape.sub_norms ? 21 : 19;
    EXPECT_GE(check.steps, kFed * (shape.layers * steps_a_layer + 4)) << recipe_name(set);
    if (check.ties > 0) {
      std::printf("%s: rounding met %ld tie(s); KLD %.2g with them set, %.2g where they cascade\n",
                  recipe_name(set).c_str(), static_cast<long>(check.ties), check.largest_kld, check.cascaded_kld);
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

// The reference of another model, fed the same tokens.
TEST(TokenLoop, TheDivergenceOfARealFaultIsFarAboveTheGate) {
  const ModelShape shape = model_by_name("tiny");
  const SyntheticModel model(shape, 1);
  const reference::ModelWeights weights = model.materialize();
  const std::vector<std::int32_t> tokens = model.prompt(kPrefix);
  const std::vector<double> truth = reference::forward(shape, weights, tokens).logits;
  const auto divergence = [&](const auto& plant) {
    ModelShape faulty_shape = shape;
    reference::ModelWeights faulty = weights;
    std::vector<std::int32_t> fed = tokens;
    plant(faulty_shape, faulty, fed);
    return reference::kld(truth, reference::forward(faulty_shape, faulty, fed).logits);
  };
  using Weights = reference::ModelWeights;
  using Tokens = std::vector<std::int32_t>;
  EXPECT_GT(divergence([](ModelShape& s, Weights&, Tokens&) { s.rope_style = rope::Style::interleaved; }),
            10 * kMostDivergence);
  EXPECT_GT(divergence([](ModelShape& s, Weights&, Tokens&) { s.rope_base = 5e5; }), 10 * kMostDivergence);
  EXPECT_GT(divergence([](ModelShape& s, Weights&, Tokens&) { s.sub_norms = false; }), 10 * kMostDivergence);
  EXPECT_GT(divergence([](ModelShape& s, Weights&, Tokens&) { s.context = kPrefix - 1; }), 10 * kMostDivergence)
      << "one position unseen";
  EXPECT_GT(divergence([](ModelShape&, Weights& w, Tokens&) { std::swap(w.layers[1].k, w.layers[1].v); }),
            10 * kMostDivergence);
  EXPECT_GT(divergence([](ModelShape&, Weights& w, Tokens&) { w.layers[2] = w.layers[1]; }), 10 * kMostDivergence);
  EXPECT_GT(divergence([](ModelShape&, Weights&, Tokens& t) { t[3] = 0; }), 10 * kMostDivergence)
      << "one token of the prefix";
}

// The stream after every layer of every pass.
class Hidden : public LoopObserver {
 public:
  void after(const StepOutput& out) override {
    if (out.step == Step::ffn_residual) states.emplace_back(out.values, out.values + out.batch * out.cols);
  }
  std::vector<std::vector<float>> states;
};

struct Decoded {
  std::vector<std::vector<float>> hidden;
  Logits logits;
  bool operator==(const Decoded&) const = default;
};

Decoded decoded(Decoding& d, const RecipeNames& names, int threads = 1, std::int64_t tokens = kFed) {
  Hidden hidden;
  const auto loop = d.bench.loop(names, threads);
  loop->observe(&hidden);
  loop->prefill(d.prefix());
  Logits logits = feed(*loop, d.fed().first(static_cast<std::size_t>(tokens)));
  return {std::move(hidden.states), std::move(logits)};
}

TEST(TokenLoop, HiddenStatesAndLogitsAreBitIdenticalWhateverMultipliesAllocatesSplitsOrPrefetches) {
  Decoding d;
  const RecipeNames base = best();
  const Decoded want = decoded(d, base);
  EXPECT_EQ(std::ssize(want.hidden), d.bench.shape().layers * (1 + kFed));
  for (const auto& v : variants<ternary_matmul::Kernel>()) {
    if (!v.runnable() || v.info->exactness != Exactness::exact) continue;
    EXPECT_TRUE(decoded(d, with(base, "ternary_matmul=" + v.id)) == want) << v.id;
  }
  for (const auto& v : variants<dense_matmul::Kernel>()) {
    if (!v.runnable() || v.info->exactness != Exactness::exact) continue;
    EXPECT_TRUE(decoded(d, with(base, "dense_matmul=" + v.id)) == want) << v.id;
  }
  EXPECT_TRUE(decoded(d, with(base, "memory=malloc")) == want);
  const Decoded one = decoded(d, base, 1, 1);
  for (const auto& v : variants<threading::Kernel>()) {
    for (const int threads : {1, 2, 3}) {  // one token: more threads than cores make slow barriers
      EXPECT_TRUE(decoded(d, with(base, "threading=" + v.id), threads, 1) == one) << v.id << ", " << threads;
    }
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
    EXPECT_EQ(d.logits(with(base, "kv_cache=ring_spsc")), want) << arithmetic;
  }
}

// Less than floats is kept: other logits, the same from every cache that keeps as much.
TEST(TokenLoop, EveryCacheOfAnElementGivesTheSameLogits) {
  Decoding d;
  for (const char* element : {"f16", "q8"}) {
    RecipeNames base = best();
    const Logits floats = d.logits(base);
    apply_kv(base, element);
    const Logits want = d.logits(base);
    EXPECT_NE(want, floats) << element;
    for (const char* cache : {"contiguous", "ring_spsc"}) {
      EXPECT_EQ(d.logits(with(base, fmt::format("kv_cache={}:{}", cache, element))), want) << cache << ", " << element;
    }
  }
}

TEST(TokenLoop, RefusesAttentionThatDoesNotReadItsCache) {
  Decoding d;
  EXPECT_THROW(d.bench.loop(with(best(), "kv_cache=ring:q8")), BadInput);
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

// A ring of 8 decodes 24 tokens: what a query sees is the last 8 positions, deeper layers having seen more.
TEST(TokenLoop, ARingThatWrapsEqualsTheReferenceUnderItsWindow) {
  Decoding d;
  const Recipe recipe = shared_clearance().clear(with(best(), "kv_cache=ring"));
  const LayerTruth truth(d.bench.model(), d.prompt, 8);
  const LayerCheck check = check_layers(truth, recipe, {}, TokenLoop::make);
  EXPECT_TRUE(check.verdict.ok()) << check.verdict.check << ": " << check.verdict.reason;
  const auto loop = d.bench.loop(with(best(), "kv_cache=ring"), 1, 8);
  feed(*loop, d.prompt);
  EXPECT_EQ(ledger_fault(*loop, d.bench.shape(), 0, kPrefix + kFed), "");
}

TEST(TokenLoop, ARingEqualsALinearCacheToTheBitUpToItsLastSlot) {
  Decoding d;
  const auto ring = d.bench.loop(with(best(), "kv_cache=ring"), 1, kPrefix + kFed);
  const auto linear = d.bench.loop(with(best(), "kv_cache=contiguous"), 1, kPrefix + kFed);
  EXPECT_EQ(feed(*ring, d.prompt), feed(*linear, d.prompt));
}

}  // namespace
}  // namespace bitproof
