#include "model_shapes.hpp"

#include <gmock/gmock.h>

#include "open_model.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

const std::string kShapeText =
    "hidden = 64\nffn = 96\nlayers = 2\nheads = 4\nkv_heads = 2\nhead_dim = 16\nvocab = 50\ncontext = 32\n"
    "activation = \"relu2\"\nrope_style = \"interleaved\"\nrope_base = 5e5\nnorm_eps = 1e-6\nsub_norms = false\n"
    "tied_head = false\n";

std::string refused(const std::string& from, const std::string& to) {
  std::string text = kShapeText;
  text.replace(text.find(from), from.size(), to);
  return refusal([&] { parse_model_shape(text, "s.toml"); });
}

TEST(ModelShapes, EveryFieldIsRead) {
  const ModelShape m = parse_model_shape(kShapeText, "s.toml");
  EXPECT_EQ(std::tie(m.hidden, m.ffn, m.layers, m.heads, m.kv_heads, m.head_dim, m.vocab, m.context),
            std::make_tuple(64, 96, 2, 4, 2, 16, 50, 32));
  EXPECT_EQ(m.activation, gated_ffn::Activation::relu_squared);
  EXPECT_EQ(m.rope_style, rope::Style::interleaved);
  EXPECT_EQ(m.rope_base, 5e5);
  EXPECT_EQ(m.norm_eps, 1e-6f);
  EXPECT_FALSE(m.sub_norms);
  EXPECT_FALSE(m.tied_head);
}

TEST(ModelShapes, PublishedOnesAreRead) {
  EXPECT_THAT(model_names(), testing::IsSupersetOf({"2b-4t", "3b", "7b", "falcon3-7b", "llama3-8b", "tiny"}));
  for (const std::string& name : model_names()) EXPECT_EQ(shape_fault(model_by_name(name)), "") << name;
  // Multiply-adds of a token in ternary matrices, as the models' names count their weights.
  const auto weights = [](const std::string& name) {
    const ModelShape m = model_by_name(name);
    std::int64_t n = 0;
    for (const Matrix matrix : kMatrices) n += matrix_shape(m, matrix).rows * matrix_shape(m, matrix).cols;
    return n * m.layers;
  };
  EXPECT_EQ(weights("7b"), 6'476'005'376);
  EXPECT_EQ(weights("2b-4t"), 2'084'044'800);
  EXPECT_EQ(weights("falcon3-7b"), 6'650'068'992);
  EXPECT_EQ(weights("llama3-8b"), 6'979'321'856);
  EXPECT_EQ(weights("3b"), 3'221'504'000);
}

TEST(ModelShapes, WhatIsNoShapeIsRefused) {
  EXPECT_THAT(refused("heads = 4", ""), HasSubstr("s.toml: 'heads' is missing"));
  EXPECT_THAT(refused("heads = 4", "heads = 4\nhaeds = 4"),
              HasSubstr("s.toml:5: unknown key 'haeds'; did you mean heads?"));
  EXPECT_THAT(refused("layers = 2", "layers = \"2\""), HasSubstr("s.toml:3: layers must be a number"));
  EXPECT_THAT(refused("relu2", "gelu"), HasSubstr("activation is 'gelu'; it can be silu, relu2"));
  EXPECT_THAT(refused("kv_heads = 2", "kv_heads = 3"), HasSubstr("4 heads cannot share 3 key-value heads"));
  EXPECT_THAT(refused("head_dim = 16", "head_dim = 15"), HasSubstr("head_dim 15 is odd"));
  EXPECT_THAT(refused("ffn = 96", "ffn = 70000"), HasSubstr("must be 1 to 65536"));
  EXPECT_THAT(refused("vocab = 50", "vocab = 0"), HasSubstr("a vocabulary of 0"));
  EXPECT_THAT(refused("norm_eps = 1e-6", "norm_eps = nan"), HasSubstr("norm_eps"));
  EXPECT_THAT(refused("hidden = 64", "hidden = "), HasSubstr("s.toml:1: "));
}

TEST(ModelShapes, LayersAndActivationAreChosen) {
  const auto model = open_model({.model = "tiny", .layers = 2, .activation = activation_named("relu2")});
  EXPECT_EQ(model->shape().layers, 2);
  EXPECT_EQ(model->shape().activation, gated_ffn::Activation::relu_squared);
  EXPECT_THAT(refusal([] { open_model({.model = "tiny", .layers = 4}); }),
              HasSubstr("--layers 4: model tiny has 3 layers"));
  EXPECT_THAT(refusal([] { activation_named("gelu"); }), HasSubstr("--act 'gelu': silu or relu2"));
  EXPECT_THAT(refusal([] { open_model({.model = "/nowhere/m.gguf"}); }), HasSubstr("/nowhere/m.gguf: No such file"));
}

}  // namespace
}  // namespace bitproof
