#include "evaluate.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <numeric>

#include "layer_check.hpp"
#include "support.hpp"
#include "token_sampler.hpp"

namespace bitproof {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Evaluate, UniformLogitsHaveThePerplexityOfTheVocabulary) {
  const std::vector<float> logits(50, 3.0f);
  EXPECT_NEAR(negative_log_likelihood(logits, 7), std::log(50.0), 1e-12);
  const Perplexity p = perplexity(std::vector<double>(9, std::log(50.0)));
  EXPECT_NEAR(p.value, 50, 1e-9);
  EXPECT_NEAR(p.ci_low, p.ci_high, 1e-9);
}

TEST(Evaluate, LikelihoodIsSoftmaxAndHoldsLargeLogits) {
  EXPECT_NEAR(negative_log_likelihood(std::vector<float>{0, std::log(3.0f)}, 1), -std::log(0.75), 1e-6);
  EXPECT_NEAR(negative_log_likelihood(std::vector<float>{1000, 0}, 1), 1000, 1e-9);
}

TEST(Evaluate, TwoLoopsOfTheSameFloatOpsAgreeAndAnotherModelDoesNot) {
  Decoding d;
  LoopBench other(model_by_name("tiny"), 2);
  const RecipeNames names = recipe_names(parse_recipe("memory_pool,kv_cache")),
                    plain = recipe_names(Techniques{}.with(Technique::kv_cache));
  const auto a = d.bench.loop(names), b = d.bench.loop(plain), c = other.loop(plain);
  const Evaluation same = evaluate(*a, b.get(), d.prompt, 10);
  EXPECT_EQ(same.windows, 3);  // 10, 10 and 4 tokens
  EXPECT_EQ(same.predicted(), 9 + 9 + 3);
  EXPECT_EQ(same.same_top, same.predicted());
  EXPECT_EQ(same.nll, same.nll_against);
  EXPECT_LT(*std::ranges::max_element(same.kld), 1e-12);
  const Evaluation differs = evaluate(*a, c.get(), d.prompt, 10);
  EXPECT_LT(differs.same_top, differs.predicted() / 2);
  EXPECT_GT(std::accumulate(differs.kld.begin(), differs.kld.end(), 0.0) / 21, 100 * kMostApproximateDivergence);
}

// What a window predicts does not depend on the window before it; a cache that was not emptied would show.
TEST(Evaluate, WindowsBeginEmpty) {
  Decoding d;
  const auto loop = d.bench.loop(recipe_names(Techniques{}.with(Technique::kv_cache)));
  const std::vector<double> both = evaluate(*loop, nullptr, d.prompt, 12).nll;
  const std::vector<double> second = evaluate(*loop, nullptr, std::span(d.prompt).subspan(12), 12).nll;
  EXPECT_EQ(std::vector<double>(both.begin() + 11, both.end()), second);
}

TEST(TokenIds, AreReadOrRefusedWithTheirByte) {
  EXPECT_THAT(parse_token_ids("1, 2\n30\t4\r\n", "ids", 31), ElementsAre(1, 2, 30, 4));
  EXPECT_TRUE(parse_token_ids("", "ids", 5).empty());
  EXPECT_THAT(refusal([] { parse_token_ids("1 two", "ids", 5); }), HasSubstr("ids: byte 2: not a token id"));
  EXPECT_THAT(refusal([] { parse_token_ids("1 5", "ids", 5); }),
              HasSubstr("ids: byte 2: token 5 is not in the vocabulary of 5"));
  EXPECT_THAT(refusal([] { parse_token_ids("-1", "ids", 5); }), HasSubstr("token -1"));
  EXPECT_THAT(refusal([] { parse_token_ids("99999999999", "ids", 5); }), HasSubstr("not a token id"));
}

TEST(TokenSampler, GreedyIsTheBestAndTheLowestOfEquals) {
  TokenSampler greedy(Sampling{});
  EXPECT_EQ(greedy.choose(std::vector<float>{1, 3, 3, NAN}), 1);
  EXPECT_EQ(greedy.choose(std::vector<float>{NAN, NAN}), 0);
}

TEST(TokenSampler, DrawsByProbabilityAndBySeed) {
  const std::vector<float> logits = {0, std::log(2.0f), -100, std::log(5.0f)};  // 1 : 2 : 0 : 5
  std::vector<int> count(4);
  TokenSampler sampler({.temperature = 1, .seed = 5});
  for (int i = 0; i < 8000; ++i) ++count[static_cast<std::size_t>(sampler.choose(logits))];
  EXPECT_NEAR(count[0], 1000, 150);  // five standard deviations
  EXPECT_NEAR(count[1], 2000, 200);
  EXPECT_EQ(count[2], 0);
  EXPECT_NEAR(count[3], 5000, 220);
  TokenSampler a({.temperature = 2, .seed = 9}), b({.temperature = 2, .seed = 9}), c({.temperature = 2, .seed = 10});
  std::vector<std::int32_t> x, y, z;
  for (int i = 0; i < 50; ++i) {
    x.push_back(a.choose(logits));
    y.push_back(b.choose(logits));
    z.push_back(c.choose(logits));
  }
  EXPECT_EQ(x, y);
  EXPECT_NE(x, z);
  TokenSampler two({.temperature = 10, .top_k = 2, .seed = 1});
  for (int i = 0; i < 200; ++i) EXPECT_EQ(two.choose(logits) % 2, 1) << "only the two best";
}

}  // namespace
}  // namespace bitproof
