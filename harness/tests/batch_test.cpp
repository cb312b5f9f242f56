// A batch of sequences in lock step: each as if it were alone, one stream of weights a step.
#include <gmock/gmock.h>

#include "arm.hpp"
#include "loop_trial.hpp"
#include "support.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kBatch = 3;

Verdict batch_verdict(const RecipeNames& names, int threads) {
  static const LoopJudge judge;
  const ArmSpec spec{"batch", names, techniques_of(names), threads};
  return judge.judge_batch(spec, shared_clearance().clear(names), kBatch);
}

void expect_on_trial(const RecipeNames& names, const std::string& what, int threads = 1) {
  const Verdict v = batch_verdict(names, threads);
  EXPECT_TRUE(v.ok()) << what << ": " << v.check << ": " << v.reason;
}

// Two tokens of each sequence after a prefix of so many positions: logits bit-equal to those of it alone.
void expect_singles(const LoopBench& bench, const RecipeNames& names, const std::string& what, int threads = 1,
                    std::int64_t sequences = kBatch, std::int64_t positions = 6) {
  const Recipe recipe = shared_clearance().clear(names);
  const auto decoded = [&](std::span<const std::int32_t> prompts) {
    const std::int64_t batch = std::ssize(prompts) / (positions + 1);
    const auto loop = TokenLoop::make_batch(bench.model(), recipe, threads, positions + 2, steady_ns, batch);
    loop->prefill(prefixes_of(prompts, batch));
    const auto chosen = loop->step(last_tokens_of(prompts, batch));
    loop->step(std::vector(chosen.begin(), chosen.end()));
    return std::vector(loop->logits().begin(), loop->logits().end());
  };
  const std::vector<std::int32_t> prompts = bench.model().model().prompt(sequences * (positions + 1));
  const auto each = static_cast<std::size_t>(positions + 1);
  std::vector<float> alone;
  for (std::size_t at = 0; at < prompts.size(); at += each) {
    const std::vector<float> one = decoded(std::span(prompts).subspan(at, each));
    alone.insert(alone.end(), one.begin(), one.end());
  }
  EXPECT_TRUE(decoded(prompts) == alone) << what;
}

// Bit-equal logits of every sequence, the ledger, and the reference loop; see LoopJudge::judge_batch.
TEST(Batch, OfEveryTechniqueIsItsSequencesAlone) {
  std::vector<Techniques> sets = {kNoTechniques, kAllTechniques, parse_recipe("default")};
  for (int t = 0; t < kTechniqueCount; ++t) sets.push_back(Techniques{}.with(static_cast<Technique>(t)));
  for (const Techniques set : sets) {
    if (set.has(Technique::simd) && !machine_has_simd()) continue;
    expect_on_trial(recipe_names(set), recipe_name(set), set.has(Technique::threading) ? 2 : 1);
  }
}

TEST(Batch, OfEveryCacheIsItsSequencesAlone) {
  for (const char* cache : {"recompute", "contiguous", "ring", "ring_spsc"}) {
    expect_on_trial(with(best(), std::string("kv_cache=") + cache), cache);
  }
  for (const char* element : {"f16", "q8"}) {
    RecipeNames names = best();
    apply_kv(names, element);
    expect_on_trial(names, element);
  }
}

// Approximate ones too: what they are off by is a sequence's own. Rows of one file are the same code.
TEST(Batch, OfEveryProductIsItsSequencesAlone) {
  const LoopBench bench;
  for (const auto& v : variants<ternary_matmul::Kernel>()) {
    if (v.runnable() && v.id.find(':') == std::string::npos)
      expect_singles(bench, with(best(), "ternary_matmul=" + v.id), v.id);
  }
  for (const auto& v : variants<dense_matmul::Kernel>()) {
    if (v.runnable()) expect_singles(bench, with(best(), "dense_matmul=" + v.id), v.id);
  }
}

TEST(Batch, OfAnySizeAndSplitIsItsSequencesAlone) {
  const LoopBench bench;
  for (const std::int64_t sequences : {1, 2, 5, 16}) {
    expect_singles(bench, best(), fmt::format("batch {}", sequences), 1, sequences);
  }
  for (const auto& v : variants<threading::Kernel>()) {
    if (v.runnable()) expect_singles(bench, with(best(), "threading=" + v.id), v.id, 2);
  }
}

// Past 256 positions the parts of a head are merged, of each sequence its own.
TEST(Batch, OfSplitAttentionIsItsSequencesAlone) {
  const LoopBench bench(
      {.hidden = 64, .ffn = 64, .layers = 1, .heads = 2, .kv_heads = 1, .head_dim = 32, .vocab = 40, .context = 300});
  for (const auto& v : variants<attention::Kernel>()) {
    if (!v.runnable() || !v.kernel->merge || v.kernel->element != kv_cache::Element::f32) continue;
    expect_singles(bench, with(best(), "attention=" + v.id), v.id, 2, 2, 258);
  }
}

TEST(Batch, ContinuesFromASnapshotOfIt) {
  Decoding d;
  const std::vector<std::int32_t> prefix = d.bench.model().model().prompt(kBatch * kPrefix), next(kBatch, 7);
  const auto batch = [&](const char* cache) {
    const Recipe recipe = shared_clearance().clear(with(best(), std::string("kv_cache=") + cache));
    return TokenLoop::make_batch(d.bench.model(), recipe, 1, kPrefix + 1, steady_ns, kBatch);
  };
  const auto source = batch("ring");
  source->prefill(prefix);
  const KvSnapshot snapshot = source->snapshot();
  source->step(next);
  for (const char* cache : {"ring", "contiguous", "recompute"}) {
    const auto restored = batch(cache);
    restored->restore(prefix, snapshot);
    restored->step(next);
    EXPECT_TRUE(std::ranges::equal(restored->logits(), source->logits())) << cache;
  }
}

TEST(Batch, CountsATokenOfEachSequenceAndStreamsTheWeightsOnce) {
  const auto bench = [](std::int64_t sequences) {
    return Workbench({.model = "tiny", .depth = 6, .tokens = 3, .sequences = sequences},
                     {arm_of(Techniques{}.with(Technique::kv_cache), 1)}, shared_clearance());
  };
  const Workbench one = bench(1), many = bench(kBatch);
  Arm &single = *one.arms()[0], &batch = *many.arms()[0];
  ASSERT_TRUE(single.sample(one.prompt(), one.prefix(), 3));
  const auto sample = batch.sample(many.prompt(), many.prefix(), 3);
  ASSERT_TRUE(sample);
  EXPECT_EQ(sample->tokens, 3 * kBatch);
  EXPECT_EQ(difference(batch.ledger(), batch.expected()), "");
  EXPECT_EQ(std::ssize(batch.fingerprints()), 3);
  EXPECT_EQ(batch.ledger()[LoopOp::matmul_gate].bytes, single.ledger()[LoopOp::matmul_gate].bytes);
  EXPECT_EQ(batch.ledger()[LoopOp::lm_head].bytes, single.ledger()[LoopOp::lm_head].bytes);
  EXPECT_EQ(batch.ledger()[LoopOp::matmul_gate].ops, kBatch * single.ledger()[LoopOp::matmul_gate].ops);
  EXPECT_EQ(batch.ledger()[LoopOp::attention].bytes, kBatch * single.ledger()[LoopOp::attention].bytes);
}

TEST(Batch, ThatDoesNotFitIsRefusedBeforeItsWeightsAreMade) {
  EXPECT_THAT(refusal([] {
                Workbench({.model = "tiny", .depth = 200, .sequences = 1'000'000'000},
                          {arm_of(Techniques{}.with(Technique::kv_cache), 1)}, shared_clearance());
              }),
              testing::AllOf(HasSubstr("--batch 1000000000"), HasSubstr("are free"), HasSubstr("smaller --batch")));
}

}  // namespace
}  // namespace bitproof
