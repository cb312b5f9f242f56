#include "reference/token_loop.hpp"

#include "plain_loop.hpp"
#include "support.hpp"

namespace bitproof::reference {
namespace {

ModelShape tiny_shape() {
  return {.hidden = 64, .ffn = 96, .layers = 2, .heads = 4, .kv_heads = 2, .head_dim = 16, .vocab = 50, .context = 32};
}

TernaryMatrix ternary(Random& random, std::int64_t rows, std::int64_t cols) {
  return {integers(random, rows * cols, 1), {1 / std::sqrt(static_cast<float>(cols))}};
}

Floats gains(Random& random, std::int64_t n) {
  Floats x = gaussian(random, n, 0.1f);
  for (float& value : x) value += 1;
  return x;
}

ModelWeights random_weights(const ModelShape& shape, std::uint64_t seed) {
  Random random(seed);
  ModelWeights weights;
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    weights.layers.push_back({.q = ternary(random, shape.q_width(), shape.hidden),
                              .k = ternary(random, shape.kv_width(), shape.hidden),
                              .v = ternary(random, shape.kv_width(), shape.hidden),
                              .o = ternary(random, shape.hidden, shape.q_width()),
                              .gate = ternary(random, shape.ffn, shape.hidden),
                              .up = ternary(random, shape.ffn, shape.hidden),
                              .down = ternary(random, shape.hidden, shape.ffn),
                              .attn_norm = gains(random, shape.hidden),
                              .ffn_norm = gains(random, shape.hidden),
                              .attn_sub_norm = gains(random, shape.q_width()),
                              .ffn_sub_norm = gains(random, shape.ffn)});
  }
  weights.output_norm = gains(random, shape.hidden);
  weights.embedding.w = integers(random, shape.vocab * shape.hidden, 127);
  weights.embedding.row_scale = Floats(static_cast<std::size_t>(shape.vocab), 1.0f / 64);
  weights.head = weights.embedding;
  return weights;
}

TEST(TokenLoop, AgreesWithPlainLoopsForEveryKindOfModel) {
  for (const auto activation : {gated_ffn::Activation::silu, gated_ffn::Activation::relu_squared}) {
    for (const auto style : {rope::Style::neox, rope::Style::interleaved}) {
      for (const bool sub_norms : {false, true}) {
        ModelShape shape = tiny_shape();
        shape.activation = activation;
        shape.rope_style = style;
        shape.sub_norms = sub_norms;
        ModelWeights weights = random_weights(shape, 1);
        if (sub_norms) {  // a scale a row
          Floats& scale = weights.layers[0].up.scale;
          scale.resize(static_cast<std::size_t>(shape.ffn), scale[0]);
          scale[1] *= 3;
        }
        const Tokens tokens{3, 1, 4, 1, 49, 9, 2, 6};
        const std::vector<double> got = forward(shape, weights, tokens).logits;
        const std::vector<double> want = PlainLoop(shape, weights).logits(tokens);
        // No near tie with this seed: all the integers agree, and what differs is rounding.
        EXPECT_LE(nmse(got, want), 1e-11);
        EXPECT_LE(kld(want, got), 1e-9);
      }
    }
  }
}

TEST(TokenLoop, ShapesOfTheTrace) {
  const ModelShape shape = tiny_shape();
  const Trace trace = forward(shape, random_weights(shape, 2), Tokens{1, 2, 3});
  EXPECT_EQ(trace.logits.size(), 50u);
  ASSERT_EQ(trace.layers.size(), 2u);
  EXPECT_EQ(trace.layers[1].hidden.size(), 64u);
  EXPECT_EQ(trace.layers[1].k.size(), 3u * 2 * 16);
  EXPECT_EQ(trace.layers[1].v.size(), 3u * 2 * 16);
}

TEST(TokenLoop, LaterTokensDoNotReachEarlierPositions) {
  const ModelShape shape = tiny_shape();
  const ModelWeights weights = random_weights(shape, 3);
  const Trace trace = forward(shape, weights, Tokens{7, 8, 9, 10, 11}),
              prefix = forward(shape, weights, Tokens{7, 8, 9}),
              other = forward(shape, weights, Tokens{7, 8, 9, 30, 40});
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (const auto member : {&LayerTrace::k, &LayerTrace::v}) {
      const Floats& all = trace.layers[layer].*member;
      const Floats& part = prefix.layers[layer].*member;
      EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin()));
      EXPECT_TRUE(std::equal(part.begin(), part.end(), (other.layers[layer].*member).begin()));
    }
  }
  EXPECT_NE(trace.logits, other.logits);
}

TEST(TokenLoop, EveryTokenOfThePrefixReachesTheLogits) {
  const ModelShape shape = tiny_shape();
  const ModelWeights weights = random_weights(shape, 4);
  const Tokens tokens{7, 8, 9, 10, 11};
  const std::vector<double> logits = forward(shape, weights, tokens).logits;
  EXPECT_EQ(forward(shape, weights, tokens).logits, logits);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    Tokens changed = tokens;
    changed[i] = 42;
    EXPECT_GT(nmse(forward(shape, weights, changed).logits, logits), 1e-6) << "token " << i;
  }
}

TEST(TokenLoop, TheContextIsAWindowOfEachLayer) {
  ModelShape shape = tiny_shape();
  shape.context = 4;
  const ModelWeights weights = random_weights(shape, 5);
  const Tokens tokens{7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  const std::vector<double> logits = forward(shape, weights, tokens).logits;
  EXPECT_LE(nmse(logits, PlainLoop(shape, weights).logits(tokens)), 1e-11);
  // Two layers of window 4 look back 2 * 3 positions: position 9 is reached from 3, through evicted entries, but not 2.
  for (const auto& [position, reaches] : {std::pair{2, false}, {3, true}, {6, true}}) {
    Tokens changed = tokens;
    changed[static_cast<std::size_t>(position)] = 42;
    EXPECT_EQ(forward(shape, weights, changed).logits != logits, reaches) << position;
  }
}

TEST(TokenLoop, EachWeightMatters) {
  const ModelShape shape = tiny_shape();
  const ModelWeights weights = random_weights(shape, 6);
  const Tokens tokens{5, 6, 7};
  const std::vector<double> logits = forward(shape, weights, tokens).logits;
  const auto moves = [&](auto change) {
    ModelWeights changed = weights;
    change(changed);
    return forward(shape, changed, tokens).logits != logits;
  };
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (const auto matrix : {&LayerWeights::q, &LayerWeights::k, &LayerWeights::v, &LayerWeights::o,
                              &LayerWeights::gate, &LayerWeights::up, &LayerWeights::down}) {
      EXPECT_TRUE(moves([&](ModelWeights& c) { std::ranges::reverse((c.layers[layer].*matrix).w); }));
    }
    for (const auto gain : {&LayerWeights::attn_norm, &LayerWeights::ffn_norm, &LayerWeights::attn_sub_norm,
                            &LayerWeights::ffn_sub_norm}) {
      EXPECT_TRUE(moves([&](ModelWeights& c) { std::ranges::reverse(c.layers[layer].*gain); }));
    }
  }
  EXPECT_TRUE(moves([](ModelWeights& c) { std::ranges::reverse(c.output_norm); }));
  EXPECT_TRUE(moves([](ModelWeights& c) { c.head.row_scale[3] *= 2; }));
}

TEST(TokenLoop, RefusesWhatDoesNotFit) {
  const ModelShape shape = tiny_shape();
  ModelWeights weights = random_weights(shape, 7);
  EXPECT_THROW(forward(shape, weights, Tokens{}), std::invalid_argument);
  EXPECT_THROW(forward(shape, weights, Tokens{50}), std::invalid_argument);
  weights.layers[1].ffn_sub_norm.resize(48);  // divides ffn
  EXPECT_THROW(forward(shape, weights, Tokens{1}), std::invalid_argument);
  weights.layers[1].ffn_sub_norm.resize(96);
  EXPECT_NO_THROW(forward(shape, weights, Tokens{1}));
  weights.layers[1].down.w.pop_back();
  EXPECT_THROW(forward(shape, weights, Tokens{1}), std::invalid_argument);
  weights.layers.pop_back();
  EXPECT_THROW(forward(shape, weights, Tokens{1}), std::invalid_argument);
}

}  // namespace
}  // namespace bitproof::reference
