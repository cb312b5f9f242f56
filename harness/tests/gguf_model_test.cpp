// Models of every published shape: exported, loaded, and decoded as if they had never been a file.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <set>

#include "gguf/layouts.hpp"
#include "gguf/model.hpp"
#include "gguf/writer.hpp"
#include "gguf_support.hpp"
#include "half.hpp"
#include "layer_check.hpp"
#include "rng.hpp"

namespace bitproof::gguf {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr Type kTernaryTypes[] = {Type::i2_s, Type::tq1_0, Type::tq2_0};

void expect_same_weights(const WeightSource& a, const WeightSource& b) {
  const ModelShape &m = a.shape(), &n = b.shape();
  EXPECT_EQ(std::tie(m.hidden, m.ffn, m.layers, m.heads, m.kv_heads, m.head_dim, m.vocab, m.context, m.activation,
                     m.rope_style, m.rope_base, m.norm_eps, m.sub_norms, m.tied_head),
            std::tie(n.hidden, n.ffn, n.layers, n.heads, n.kv_heads, n.head_dim, n.vocab, n.context, n.activation,
                     n.rope_style, n.rope_base, n.norm_eps, n.sub_norms, n.tied_head));
  const reference::ModelWeights x = a.materialize(), y = b.materialize();
  for (std::size_t l = 0; l < x.layers.size(); ++l) {
    const auto &p = x.layers[l], &q = y.layers[l];
    using reference::LayerWeights;
    for (const auto matrix : {&LayerWeights::q, &LayerWeights::k, &LayerWeights::v, &LayerWeights::o,
                              &LayerWeights::gate, &LayerWeights::up, &LayerWeights::down}) {
      EXPECT_EQ((p.*matrix).w, (q.*matrix).w);
      EXPECT_EQ((p.*matrix).scale, (q.*matrix).scale);
    }
    EXPECT_EQ(std::tie(p.attn_norm, p.ffn_norm, p.attn_sub_norm, p.ffn_sub_norm),
              std::tie(q.attn_norm, q.ffn_norm, q.attn_sub_norm, q.ffn_sub_norm));
  }
  EXPECT_EQ(x.output_norm, y.output_norm);
  EXPECT_EQ(std::tie(x.embedding.w, x.embedding.row_scale), std::tie(y.embedding.w, y.embedding.row_scale));
  EXPECT_EQ(std::tie(x.head.w, x.head.row_scale), std::tie(y.head.w, y.head.row_scale));
}

Logits logits(Decoding& d, Techniques set) {
  return d.logits(recipe_names(set), set.has(Technique::threading) ? 2 : 1);
}

class Published : public testing::TestWithParam<NamedShape> {};

TEST_P(Published, ShapeRoundTripsAndGivesIdenticalLogitsBehindAPrefix) {
  const ModelShape& shape = GetParam().shape;
  const auto made = std::make_shared<SyntheticModel>(shape, 3);
  std::vector<std::string> files;
  for (const Type type : kTernaryTypes) {
    if (type != Type::i2_s && (shape.hidden % 256 != 0 || shape.ffn % 256 != 0)) {
      EXPECT_THAT(refusal([&] { exported(*made, type); }), HasSubstr("no whole blocks of 256; use i2_s"));
      continue;
    }
    files.push_back(exported(*made, type));
    const Model loaded(bytes_of(files.back()), "test.gguf", {.seed = 3});
    expect_same_weights(*made, loaded);
    EXPECT_EQ(loaded.embedding_conversion().nmse, 0);
    EXPECT_EQ(loaded.head_conversion().nmse, 0);
  }
  const auto loaded = std::make_shared<Model>(bytes_of(files.back()), "test.gguf", OpenOptions{.seed = 3});
  Decoding before(made), after(loaded);
  ASSERT_EQ(before.prompt, after.prompt);
  const LayerTruth truth(after.bench.model(), after.prompt, 64);
  for (const Techniques set : {Techniques{}.with(Technique::kv_cache), parse_recipe("default")}) {
    if (set.has(Technique::simd) && !machine_has_simd()) continue;
    EXPECT_EQ(logits(before, set), logits(after, set)) << recipe_name(set);
    const Recipe recipe = shared_clearance().clear(recipe_names(set));
    const LayerCheckOptions options{.threads = set.has(Technique::threading) ? 2 : 1, .prefix = kPrefix};
    const LayerCheck check = check_layers(truth, recipe, options, TokenLoop::make);
    EXPECT_TRUE(check.verdict.ok()) << recipe_name(set) << ": " << check.verdict.reason;
  }
}

// Few positions, so that all the subsets of the techniques have their turn.
TEST_P(Published, ShapeIsDecodedAlikeByEveryRecipe) {
  const auto made = std::make_shared<SyntheticModel>(GetParam().shape, 5);
  const std::string file = exported(*made, GetParam().shape.hidden % 256 == 0 ? Type::tq1_0 : Type::i2_s);
  const LoopBench before(made), after(std::make_shared<Model>(bytes_of(file), "test.gguf", OpenOptions{.seed = 5}));
  const std::vector<std::int32_t> prompt = made->prompt(4);
  const auto prefix = std::span(prompt).first(2), fed = std::span(prompt).last(2);
  const LayerTruth truth(after.model(), prompt, 8);
  std::set<std::pair<RecipeNames, int>> seen;
  for (const Techniques set : all_subsets()) {
    if (set.has(Technique::simd) && !machine_has_simd()) continue;
    const RecipeNames names = recipe_names(set);
    const int threads = set.has(Technique::threading) ? 2 : 1;
    if (!seen.emplace(names, threads).second) continue;
    const auto decode = [&](const LoopBench& bench) {
      const auto loop = bench.loop(names, threads, 8);
      loop->prefill(prefix);
      return feed(*loop, fed);
    };
    EXPECT_EQ(decode(before), decode(after)) << recipe_name(set);
    const LayerCheck check =
        check_layers(truth, shared_clearance().clear(names), {.threads = threads, .prefix = 2}, TokenLoop::make);
    EXPECT_TRUE(check.verdict.ok()) << recipe_name(set) << ": " << check.verdict.reason;
  }
  EXPECT_GE(seen.size(), machine_has_simd() ? 64u : 32u);
}

INSTANTIATE_TEST_SUITE_P(Gguf, Published, testing::ValuesIn(published_in_small()), [](const auto& param) {
  std::string name = param.param.name;
  std::ranges::replace(name, '-', '_');
  return name;
});

// A model of one layer that tests build tensor by tensor: hidden 256, every matrix 256 x 256 but k and v.
constexpr std::int64_t kHidden = 256;

struct Made {
  std::string architecture = "bitnet";
  Metadata metadata{};
  std::vector<TensorPlan> tensors{};

  static std::function<void(const std::function<void(std::string_view)>&)> bytes(std::string all) {
    return [all = std::move(all)](const auto& append) { append(all); };
  }
  template <class T>
  static std::string raw(const std::vector<T>& values) {
    return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
  }

  TensorPlan& tensor(const std::string& name) { return *std::ranges::find(tensors, name, &TensorPlan::name); }
  void floats(const std::string& name, std::int64_t n, float value = 1) {
    tensors.push_back({name, Type::f32, {n}, bytes(raw(std::vector<float>(static_cast<std::size_t>(n), value)))});
  }

  Made() {
    const std::vector<std::int8_t> trits = [] {
      std::vector<std::int8_t> t(kHidden * kHidden);
      Rng rng(1);
      for (auto& x : t) x = static_cast<std::int8_t>(static_cast<int>(rng.below(3)) - 1);
      return t;
    }();
    std::string file(kHidden * kHidden / 256 * 66, '\0');
    encode_trits(Type::tq2_0, trits, 0.5f, reinterpret_cast<std::byte*>(file.data()));
    for (const Matrix m : kMatrices) {
      tensors.push_back({tensor_name(0, m), Type::tq2_0, {kHidden, kHidden}, bytes(file)});
    }
    for (const char* norm : {"attn_norm", "attn_sub_norm", "ffn_norm", "ffn_sub_norm"}) {
      floats(fmt::format("blk.0.{}.weight", norm), kHidden);
    }
    floats("output_norm.weight", kHidden);
    std::vector<std::uint16_t> table(kHidden * 4);
    for (std::size_t i = 0; i < table.size(); ++i) table[i] = to_half(0.01f * static_cast<float>(i % 97) - 0.4f);
    tensors.push_back({"token_embd.weight", Type::f16, {kHidden, 4}, bytes(raw(table))});
  }

  void number(const char* key, std::uint32_t value) { metadata.put(architecture + "." + key, value); }

  std::string file() {
    metadata.put("general.architecture", architecture);
    number("embedding_length", kHidden);
    number("feed_forward_length", kHidden);
    number("block_count", 1);
    number("attention.head_count", 2);
    number("context_length", 64);
    metadata.put(architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
    std::ostringstream out;
    write(out, metadata, tensors);
    return out.str();
  }
  std::string refused(const OpenOptions& options = {}) {
    const std::string all = file();
    return refusal([&] { Model(bytes_of(all), "m.gguf", options); });
  }
};

TEST(GgufModel, TakesWhatTheTestsBuild) {
  Made made;
  const std::string file = made.file();
  const Model model(bytes_of(file), "m.gguf");
  EXPECT_EQ(model.scales(0, Matrix::q).size(), 1u);
  EXPECT_EQ(model.scales(0, Matrix::q)[0], 0.5f);
  EXPECT_EQ(model.shape().kv_heads, 2);
  EXPECT_EQ(model.shape().head_dim, 128);
  EXPECT_TRUE(model.shape().tied_head);
  EXPECT_EQ(model.shape().rope_base, 10000.0);
  EXPECT_GT(model.embedding_conversion().nmse, 0) << "f16 to int8 loses something, and says so";
  EXPECT_LT(model.embedding_conversion().nmse, 1e-4);
  EXPECT_EQ(Model(bytes_of(file), "m.gguf", {.activation = gated_ffn::Activation::relu_squared}).shape().activation,
            gated_ffn::Activation::relu_squared);
}

TEST(GgufModel, ArchitecturesHaveTheirActivationAndRope) {
  using gated_ffn::Activation;
  const std::tuple<const char*, Activation, rope::Style> all[] = {
      {"bitnet", Activation::silu, rope::Style::neox},
      {"bitnet-25", Activation::relu_squared, rope::Style::neox},
      {"bitnet-b1.58", Activation::relu_squared, rope::Style::neox},
      {"llama", Activation::silu, rope::Style::interleaved},
  };
  for (const auto& [name, activation, style] : all) {
    for (const bool sub_norms : {true, false}) {
      Made made;
      made.architecture = name;
      // 4 rows of Q6_K: every weight -31 x d, all scales 1
      std::string block =
          std::string(128, '\x11') + std::string(64, '\0') + std::string(16, '\1') + std::string("\0\x20", 2);
      made.tensor("token_embd.weight").type = Type::q6_k;
      made.tensor("token_embd.weight").write = Made::bytes(block + block + block + block);
      if (!sub_norms)
        std::erase_if(made.tensors, [](const TensorPlan& t) { return t.name.find("sub_norm") != std::string::npos; });
      const std::string file = made.file();
      if (!sub_norms && made.architecture != "llama") {
        EXPECT_THAT(refusal([&] { Model(bytes_of(file), "m.gguf"); }),
                    HasSubstr("'blk.0.attn_sub_norm.weight' is missing"));
        continue;
      }
      const Model model(bytes_of(file), "m.gguf");
      EXPECT_EQ(std::tie(model.shape().activation, model.shape().rope_style, model.shape().sub_norms),
                std::tie(activation, style, sub_norms))
          << name;
      std::int8_t row[kHidden];
      model.embedding(3, 4, row);
      EXPECT_TRUE(std::ranges::all_of(row, [](int q) { return q == -127; }));
      EXPECT_NEAR(model.embedding_scale()[3] * 127, 31 * 0x1p-7f, 1e-6);
    }
  }
}

TEST(GgufModel, WhatIsMissingIsNamed) {
  for (const char* key : {"embedding_length", "feed_forward_length", "block_count", "attention.head_count",
                          "context_length", "attention.layer_norm_rms_epsilon"}) {
    Made made;
    std::string file = made.file();
    const std::string name = fmt::format("bitnet.{}", key);
    file[file.find(name) + name.size() - 1] = '_';  // a key of another name
    EXPECT_THAT(refusal([&] { Model(bytes_of(file), "m.gguf"); }),
                AllOf(HasSubstr("m.gguf: byte "), HasSubstr("the metadata has no " + name)));
  }
  const Made whole;
  for (std::size_t i = 0; i < whole.tensors.size(); ++i) {
    Made made;
    made.tensors.erase(made.tensors.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THAT(made.refused(), HasSubstr(fmt::format("tensor '{}' is missing", whole.tensors[i].name)));
  }
}

TEST(GgufModel, WithoutRoomTheFileAndItsLargestFormAreNamed) {
  Made made;
  const std::string file = made.file();
  const auto source = std::make_shared<Model>(bytes_of(file), "m.gguf");
  const std::vector forms = {find_variant<ternary_matmul::Kernel>("ternary_matmul/scalar")->kernel};
  const std::vector heads = {find_variant<dense_matmul::Kernel>("dense_matmul/scalar")->kernel};
  EXPECT_THAT(
      refusal([&] { PackedModel(source, forms, heads, std::size_t{1} << 60); }),
      AllOf(HasSubstr("m.gguf: its 1 packed form(s) and caches need 1152921504.6"),
            HasSubstr("the largest form is ternary_matmul/scalar with 0.00 GB"), HasSubstr("of memory are free")));
}

TEST(GgufModel, TernaryFloatsOfAnyTypeAreTrits) {
  Made made;
  std::vector<float> values(kHidden * kHidden);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 3 == 0 ? 0.0f : i % 3 == 1 ? 0.125f : -0.125f;
  std::vector<std::uint16_t> halves;
  for (const float v : values) halves.push_back(to_half(v));
  std::vector<float> per_row = values;
  for (std::size_t i = 0; i < per_row.size(); ++i)
    per_row[i] *= i / kHidden == 7 ? 3.0f : i / kHidden == 8 ? 0.0f : 1.0f;
  made.tensor("blk.0.attn_q.weight").type = Type::f32;
  made.tensor("blk.0.attn_q.weight").write = Made::bytes(Made::raw(values));
  made.tensor("blk.0.attn_k.weight").type = Type::f16;
  made.tensor("blk.0.attn_k.weight").write = Made::bytes(Made::raw(halves));
  made.tensor("blk.0.attn_v.weight").type = Type::f32;
  made.tensor("blk.0.attn_v.weight").write = Made::bytes(Made::raw(per_row));
  std::string q8;
  for (std::size_t i = 0; i < values.size(); i += 32) {
    std::vector<std::int8_t> q(32);
    for (std::size_t j = 0; j < 32; ++j) q[j] = static_cast<std::int8_t>(values[i + j] * 8 * 127);
    q8.resize(q8.size() + 34);
    encode_q8_0(q, 1.0f / 1024, reinterpret_cast<std::byte*>(q8.data() + q8.size() - 34));
  }
  made.tensor("blk.0.attn_output.weight").type = Type::q8_0;
  made.tensor("blk.0.attn_output.weight").write = Made::bytes(q8);
  const std::string file = made.file();
  const Model model(bytes_of(file), "m.gguf");
  std::vector<std::int8_t> want(values.size()), got(values.size());
  std::ranges::transform(values, want.begin(), [](float v) { return static_cast<std::int8_t>((v > 0) - (v < 0)); });
  for (const Matrix m : {Matrix::q, Matrix::k, Matrix::o}) {
    model.trits(0, m, 0, kHidden, got.data());
    EXPECT_EQ(got, want);
    ASSERT_EQ(model.scales(0, m).size(), 1u);
  }
  EXPECT_EQ(model.scales(0, Matrix::k)[0], 0.125f);
  EXPECT_EQ(model.scales(0, Matrix::o)[0], 127.0f / 1024);
  ASSERT_EQ(model.scales(0, Matrix::v).size(), static_cast<std::size_t>(kHidden));
  EXPECT_EQ(model.scales(0, Matrix::v)[6], 0.125f);
  EXPECT_EQ(model.scales(0, Matrix::v)[7], 0.375f);
}

TEST(GgufModel, ScaleTensorsMultiplyByMatrixOrByRow) {
  Made made;
  made.floats("blk.0.attn_q.scale", 1, 0.25f);
  made.floats("blk.0.ffn_up.scale", kHidden, 3.0f);
  const std::string file = made.file();
  const Model model(bytes_of(file), "m.gguf");
  EXPECT_EQ(model.scales(0, Matrix::q)[0], 0.125f);
  ASSERT_EQ(model.scales(0, Matrix::up).size(), static_cast<std::size_t>(kHidden));
  EXPECT_EQ(model.scales(0, Matrix::up)[200], 1.5f);
  EXPECT_EQ(model.scales(0, Matrix::down)[0], 0.5f);
}

TEST(GgufModel, WhatIsNotTernaryIsRefusedWithItsByte) {
  Made made;
  std::vector<float> values(kHidden * kHidden, 0.5f);
  values[3] = 0.25f;
  made.tensor("blk.0.attn_q.weight").type = Type::f32;
  made.tensor("blk.0.attn_q.weight").write = Made::bytes(Made::raw(values));
  EXPECT_THAT(made.refused(),
              AllOf(HasSubstr("m.gguf: byte "),
                    HasSubstr("'blk.0.attn_q.weight' (f32): not ternary: row 0 holds 0.25 beside 0.5")));

  Made coded;
  coded.tensor("blk.0.ffn_gate.weight").write = Made::bytes(std::string(kHidden * kHidden / 256 * 66, '\x03'));
  EXPECT_THAT(coded.refused(), HasSubstr("'blk.0.ffn_gate.weight' (tq2_0): not ternary: a code of 3"));
}

TEST(GgufModel, ScalesThatAreNoneAreRefused) {
  const auto with_scale = [](float row, float block) {
    Made made;
    std::string bytes(kHidden * kHidden / 256 * 66, '\x55');
    for (std::size_t i = 0; i < bytes.size(); i += 66) {
      const std::uint16_t d = to_half(i == 66 ? block : row);
      std::memcpy(&bytes[i + 64], &d, 2);
    }
    made.tensor("blk.0.ffn_down.weight").write = Made::bytes(bytes);
    return made.refused();
  };
  EXPECT_EQ(with_scale(0.5f, 0.5f), "");
  EXPECT_EQ(with_scale(0.5f, 0.25f), "") << "a scale a row";
  EXPECT_EQ(with_scale(0.5f, 0.0f), "") << "a row of zeros";
  EXPECT_THAT(with_scale(0.5f, INFINITY), HasSubstr("its scale is inf"));
  EXPECT_THAT(with_scale(0.5f, NAN), HasSubstr("its scale is nan"));
  EXPECT_THAT(with_scale(-0.5f, 0.5f), HasSubstr("its scale is -0.5"));
  Made made;
  made.floats("blk.0.attn_q.scale", 1, INFINITY);
  EXPECT_THAT(made.refused(), HasSubstr("'blk.0.attn_q.scale': weight 0 is inf"));
}

TEST(GgufModel, TensorsAndShapesMustBeTheArchitectures) {
  Made missing;
  missing.tensors.erase(missing.tensors.begin());
  EXPECT_THAT(missing.refused(), HasSubstr("tensor 'blk.0.attn_q.weight' is missing"));
  Made more;
  more.floats("blk.0.attn_q.bias", kHidden);
  EXPECT_THAT(more.refused(), HasSubstr("'blk.0.attn_q.bias' is none that a bitnet of 1 layers has"));
  Made shaped;
  shaped.tensor("blk.0.ffn_norm.weight").ne = {kHidden / 2};
  shaped.tensor("blk.0.ffn_norm.weight").write = Made::bytes(std::string(kHidden * 2, '\0'));
  EXPECT_THAT(shaped.refused(), HasSubstr("'blk.0.ffn_norm.weight' is 1 x 128; this model's is 1 x 256"));
  Made table;
  table.tensor("token_embd.weight").type = Type::tq2_0;
  table.tensor("token_embd.weight").write = Made::bytes(std::string(4 * 66, '\0'));
  EXPECT_THAT(table.refused(),
              HasSubstr("'token_embd.weight' is tq2_0: an embedding or a head in f32, f16, q8_0 or q6_k"));
}

TEST(GgufModel, MetadataThatWouldChangeTheModelIsRefused) {
  Made unknown;
  unknown.architecture = "gpt2";
  EXPECT_THAT(unknown.refused(), HasSubstr("architecture 'gpt2' is not read here"));
  Made scaled;
  scaled.metadata.put("bitnet.rope.scaling.type", std::string("yarn"));
  EXPECT_THAT(scaled.refused(), HasSubstr("RoPE scaling 'yarn'"));
  Made linear;
  linear.metadata.put("bitnet.rope.scaling.type", std::string("linear"));
  linear.metadata.put("bitnet.rope.scaling.factor", 1.0f);
  EXPECT_EQ(linear.refused(), "");
  Made partial;
  partial.number("rope.dimension_count", 64);
  EXPECT_THAT(partial.refused(), HasSubstr("RoPE turns 64 of 128 dimensions"));
  Made heads;
  heads.number("attention.head_count_kv", 3);
  EXPECT_THAT(heads.refused(), HasSubstr("2 heads cannot share 3 key-value heads"));
  Made wrong;
  wrong.metadata.put("bitnet.attention.key_length", std::string("64"));
  EXPECT_THAT(wrong.refused(), HasSubstr("bitnet.attention.key_length is not an integer"));
  EXPECT_THAT(Made().refused({.layers = 2}), HasSubstr("--layers 2: m.gguf has 1 layers"));
}

TEST(GgufModel, ExportSaysWhichScalesOtherEnginesDoNotRead) {
  const auto said = [](Made made) {
    const std::string file = made.file();
    return scales_of_ours(Model(bytes_of(file), "m.gguf"), Type::tq2_0);
  };
  EXPECT_EQ(said({}), "");
  Made by_row;
  by_row.floats("blk.0.ffn_up.scale", kHidden, 1);
  std::string scales(kHidden * 4, '\0');
  for (std::size_t i = 0; i < static_cast<std::size_t>(kHidden); ++i) {
    const float s = i == 3 ? 2 : 1;
    std::memcpy(&scales[4 * i], &s, 4);
  }
  by_row.tensor("blk.0.ffn_up.scale").write = Made::bytes(scales);
  EXPECT_THAT(said(by_row), HasSubstr("blk.0.ffn_up.scale holds one scale a row"));
  Made bitnet;
  bitnet.floats("blk.0.attn_k.scale", 1, 0.3f);  // 0.15 is no half
  EXPECT_EQ(said(bitnet), "");
  Made relu = bitnet;
  relu.architecture = "bitnet-b1.58";
  EXPECT_THAT(said(relu), HasSubstr("architecture bitnet-b1.58 with blk.0.attn_k.scale"));
}

TEST(GgufModel, NoArchitectureIsWrittenForAShapeThatHasNone) {
  ModelShape shape = published_in_small()[0].shape;
  shape.sub_norms = false;
  EXPECT_THAT(refusal([&] { exported(SyntheticModel(shape, 1), Type::i2_s); }),
              HasSubstr("no architecture has SiLU, NEOX RoPE and no sub-norms"));
}

}  // namespace
}  // namespace bitproof::gguf
