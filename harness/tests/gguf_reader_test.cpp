// Hostile files: every refusal is one line with file and byte, and nothing else happens to any bytes.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <cstring>

#include "gguf/reader.hpp"
#include "gguf/vocabulary.hpp"
#include "gguf/writer.hpp"
#include "gguf_support.hpp"
#include "memory_map.hpp"
#include "rng.hpp"

namespace bitproof::gguf {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string text(const std::string& s) { return raw(std::uint64_t{s.size()}) + s; }
std::string head(std::uint64_t tensors, std::uint64_t values) {
  return "GGUF" + raw(std::uint32_t{3}) + raw(tensors) + raw(values);
}
std::string entry(const std::string& name, std::vector<std::uint64_t> ne, std::uint32_t type, std::uint64_t offset) {
  std::string all = text(name) + raw(static_cast<std::uint32_t>(ne.size()));
  for (const std::uint64_t n : ne) all += raw(n);
  return all + raw(type) + raw(offset);
}

std::string refused(const std::string& file) {
  return refusal([&] { parse(bytes_of(file), "f.gguf"); });
}

TEST(GgufReader, HeadsThatAreNone) {
  EXPECT_THAT(refused("GG"), HasSubstr("f.gguf: byte 0: magic number of 4 bytes, and 2 are left"));
  EXPECT_THAT(refused("GGML" + std::string(40, '\0')), HasSubstr("byte 0: no GGUF file"));
  EXPECT_THAT(refused("GGUF" + raw(std::uint32_t{2})), HasSubstr("byte 4: GGUF version 2; version 3 is read"));
  EXPECT_THAT(refused("GGUF" + raw(3u << 24)), HasSubstr("big-endian"));
  EXPECT_THAT(refused(head(std::uint64_t{1} << 60, 0)), HasSubstr("1152921504606846976 tensors do not fit"));
  EXPECT_THAT(refused(head(0, std::uint64_t{1} << 63)), HasSubstr("metadata values do not fit"));
  EXPECT_EQ(refused(head(0, 0)), "");
}

TEST(GgufReader, MetadataThatIsNone) {
  const auto value = [](const std::string& bytes) {
    return refused(head(0, 1) + text("key") + bytes + std::string(16, '\0'));
  };
  EXPECT_THAT(value(raw(99u)), HasSubstr("value type 99 is unknown"));
  EXPECT_THAT(value(raw(8u) + raw(~std::uint64_t{0})), HasSubstr("string of 18446744073709551615 bytes"));
  EXPECT_THAT(value(raw(9u) + raw(6u) + raw(std::uint64_t{1} << 61)), HasSubstr("array items do not fit"));
  EXPECT_THAT(value(raw(9u) + raw(6u) + raw(std::uint64_t{9})), HasSubstr("array of 36 bytes"));
  EXPECT_THAT(value(raw(9u) + raw(9u) + raw(std::uint64_t{1})), HasSubstr("an array of arrays"));
  EXPECT_THAT(value(raw(9u) + raw(8u) + raw(std::uint64_t{2}) + raw(std::uint64_t{1} << 40)),
              HasSubstr("string of an array of"));
  EXPECT_THAT(refused(head(0, 1) + text("")), HasSubstr("metadata key has 0 bytes"));
  const std::string one = text("key") + raw(4u) + raw(7u);
  EXPECT_THAT(refused(head(0, 2) + one + one), HasSubstr("the key 'key' is there twice"));
}

TEST(GgufReader, TensorsThatAreNone) {
  const auto tensors = [](std::uint64_t n, const std::string& entries) {
    return refused(head(n, 0) + entries + std::string(4096, '\0'));
  };
  EXPECT_EQ(tensors(1, entry("t", {32, 2}, 0, 0)), "");
  EXPECT_THAT(tensors(1, entry("t", {32}, 39, 0)), HasSubstr("tensor 't': type 39 is not read here"));
  EXPECT_THAT(tensors(1, entry("t", {}, 0, 0)), HasSubstr("0 dimensions"));
  EXPECT_THAT(tensors(1, entry("t", {1, 1, 1, 1, 1}, 0, 0)), HasSubstr("5 dimensions"));
  EXPECT_THAT(tensors(1, entry("t", {0}, 0, 0)), HasSubstr("dimension 0 of 0 is out of range"));
  EXPECT_THAT(tensors(1, entry("t", {std::uint64_t{1} << 40, std::uint64_t{1} << 40}, 0, 0)),
              HasSubstr("out of range"));
  EXPECT_THAT(tensors(1, entry("t", {33}, 8, 0)),
              HasSubstr("33 x 1 weights are no whole blocks of q8_0, which has 32"));
  EXPECT_THAT(tensors(1, entry("t", {4}, 0, 16)), HasSubstr("offset 16 is no multiple of the alignment 32"));
  EXPECT_THAT(tensors(1, entry("t", {4}, 0, 1 << 20)), HasSubstr("end after the file"));
  EXPECT_THAT(tensors(1, entry("t", {2000}, 0, 0)), HasSubstr("8000 bytes at"));
  EXPECT_THAT(tensors(1, entry("t", {4}, 0, ~std::uint64_t{31})), HasSubstr("end after the file"));
  EXPECT_THAT(tensors(2, entry("a", {16}, 0, 0) + entry("b", {16}, 0, 32)),
              HasSubstr("tensor 'b' at byte 128 overlaps tensor 'a'"));
  EXPECT_THAT(tensors(2, entry("a", {8}, 0, 0) + entry("a", {8}, 0, 32)), HasSubstr("tensor 'a' is there twice"));
}

TEST(GgufReader, AlignmentIsAPowerOfTwo) {
  const auto aligned = [](std::uint32_t a, std::uint64_t offset) {
    return refused(head(1, 1) + text("general.alignment") + raw(4u) + raw(a) + entry("t", {4}, 0, offset) +
                   std::string(4096, '\0'));
  };
  EXPECT_EQ(aligned(64, 64), "");
  EXPECT_THAT(aligned(64, 32), HasSubstr("no multiple of the alignment 64"));
  for (const std::uint32_t a : {0u, 48u, 1u << 31}) EXPECT_THAT(aligned(a, 0), HasSubstr("is no power of two"));
}

TEST(GgufReader, ValuesOfEveryKind) {
  Metadata m;
  m.put("u", std::uint32_t{7});
  m.put("f", 1.5f);
  m.put("b", true);
  m.put("s", std::string("text"));
  m.put("words", std::vector<std::string>{"a", "", "ccc"});
  m.put("reals", std::vector<float>{0.5f, -1});
  m.put("ints", std::vector<std::int32_t>{-3, 4});
  std::ostringstream out;
  write(out, m, {});
  const std::string file = out.str();
  const Contents c = parse(bytes_of(file), "f.gguf");
  EXPECT_EQ(c.integer("u"), 7);
  EXPECT_EQ(c.real("f"), 1.5);
  EXPECT_EQ(c.real("u"), 7.0);
  EXPECT_EQ(c.boolean("b"), true);
  EXPECT_EQ(c.text("s"), "text");
  EXPECT_EQ(c.texts("words"), (std::vector<std::string_view>{"a", "", "ccc"}));
  EXPECT_EQ(c.numbers("reals"), (std::vector<double>{0.5, -1}));
  EXPECT_EQ(c.numbers("ints"), (std::vector<double>{-3, 4}));
  EXPECT_EQ(c.integer("none"), std::nullopt);
  EXPECT_THAT(refusal([&] { c.integer("s"); }), HasSubstr("s is not an integer"));
  EXPECT_THAT(refusal([&] { c.text("u"); }), HasSubstr("u is not text"));
}

// Changes that a broken disk, a broken writer or a hostile one would make.
void mutate(std::string& file, Rng& rng) {
  const auto place = [&](std::size_t bytes) {
    return rng.below(std::max<std::size_t>(file.size(), bytes) - bytes + 1);
  };
  static constexpr std::uint64_t kOdd[] = {0,
                                           1,
                                           3,
                                           31,
                                           255,
                                           1u << 16,
                                           0x7fffffff,
                                           0x80000000,
                                           0xffffffff,
                                           std::uint64_t{1} << 40,
                                           std::uint64_t{1} << 62,
                                           std::uint64_t{1} << 63,
                                           ~std::uint64_t{0}};
  // Most of it in the directory: the rest is weights, where one byte is like another.
  const std::size_t directory = std::min<std::size_t>(file.size(), 4096);
  const auto in_directory = [&](std::size_t bytes) { return rng.below(directory > bytes ? directory - bytes : 1); };
  switch (rng.below(8)) {
    case 0:
      file.resize(rng.below(file.size() + 1));
      break;
    case 1:
      if (!file.empty()) file[place(1)] = static_cast<char>(rng.below(256));
      break;
    case 2:
      if (file.size() > 64) file.erase(in_directory(16), rng.below(16));
      break;
    case 3:
      if (file.size() > 64) file.insert(in_directory(1), file.substr(in_directory(32), rng.below(32)));
      break;
    default: {
      const std::uint64_t odd = rng.below(4) == 0 ? file.size() : kOdd[rng.below(std::size(kOdd))];
      const std::size_t bytes = std::size_t{1} << rng.below(4);
      if (directory > 8) std::memcpy(&file[in_directory(8)], &odd, bytes);
    }
  }
}

// Every type, scale tensors of both kinds and a byte-level vocabulary, in a file as small as blocks of 256 allow.
std::string mixed_file(const std::string& architecture, bool sub_norms) {
  constexpr std::int64_t kWide = 256, kNarrow = 32;
  std::vector<TensorPlan> tensors;
  const auto add = [&](const std::string& name, Type type, std::vector<std::int64_t> ne, const std::string& block) {
    const std::int64_t count = ne.size() > 1 ? ne[0] * ne[1] : ne[0];
    const TypeInfo& t = info(type);
    std::string all;
    for (std::int64_t i = 0; i < count / t.block; ++i) all += block;
    if (t.trailer > 0) all += raw(0.5f) + std::string(static_cast<std::size_t>(t.trailer) - 4, '\0');
    tensors.push_back({name, type, std::move(ne), [all](const auto& append) { append(all); }});
  };
  const auto ones = [&](const std::string& name, std::int64_t n) { add(name, Type::f32, {n}, raw(1.0f)); };
  const std::string half = raw(std::uint16_t{0x3800}), tq1 = std::string(52, '\x80') + half,
                    tq2 = std::string(64, '\x55') + half, q8 = half + std::string(32, '\1');
  add("blk.0.attn_q.weight", Type::tq1_0, {kWide, kNarrow}, tq1);
  add("blk.0.attn_k.weight", Type::tq2_0, {kWide, kNarrow}, tq2);
  add("blk.0.attn_v.weight", Type::f16, {kWide, kNarrow}, half);
  add("blk.0.attn_output.weight", Type::q8_0, {kNarrow, kWide}, q8);
  add("blk.0.ffn_gate.weight", Type::i2_s, {kWide, kNarrow}, std::string(32, '\x99'));
  add("blk.0.ffn_up.weight", Type::f32, {kWide, kNarrow}, raw(-0.25f));
  add("blk.0.ffn_down.weight", Type::i2_s, {kNarrow, kWide}, std::string(32, '\x06'));
  ones("blk.0.ffn_gate.scale", kNarrow);
  ones("blk.0.attn_k.scale", 1);
  for (const char* norm : {"attn_norm", "ffn_norm"}) ones(fmt::format("blk.0.{}.weight", norm), kWide);
  if (sub_norms) {
    for (const char* norm : {"attn_sub_norm", "ffn_sub_norm"}) ones(fmt::format("blk.0.{}.weight", norm), kNarrow);
  }
  ones("output_norm.weight", kWide);
  add("token_embd.weight", Type::q6_k, {kWide, 6}, std::string(192, '\x11') + std::string(16, '\1') + half);
  add("output.weight", Type::f16, {kWide, 6}, half);

  Metadata m;
  m.put("general.architecture", architecture);
  const auto number = [&](const char* key, std::int64_t n) {
    m.put(architecture + "." + key, static_cast<std::uint32_t>(n));
  };
  number("block_count", 1);
  number("context_length", 64);
  number("embedding_length", kWide);
  number("feed_forward_length", kNarrow);
  number("attention.head_count", 1);
  number("attention.head_count_kv", 1);
  number("attention.key_length", kNarrow);
  number("attention.value_length", kNarrow);
  m.put(architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
  m.put("tokenizer.ggml.model", std::string("gpt2"));
  m.put("tokenizer.ggml.pre", std::string("llama-bpe"));
  m.put("tokenizer.ggml.tokens", std::vector<std::string>{"<s>", "a", "b", "ab", "\u0120", "\u0120ab"});
  m.put("tokenizer.ggml.token_type", std::vector<std::int32_t>{3, 1, 1, 1, 1, 1});
  m.put("tokenizer.ggml.merges", std::vector<std::string>{"a b", "\u0120 ab"});
  m.put("tokenizer.ggml.bos_token_id", std::uint32_t{0});
  std::ostringstream out;
  write(out, m, tensors);
  return out.str();
}

// A file that takes a minute hangs: the process ends, and the test with it.
struct MinuteAtMost {
  MinuteAtMost() { alarm(60); }
  ~MinuteAtMost() { alarm(0); }
  MinuteAtMost(const MinuteAtMost&) = delete;
  MinuteAtMost& operator=(const MinuteAtMost&) = delete;
};

// The vocabulary of a file, taken or refused in one line, and text by it.
void spell(std::span<const std::byte> file) {
  std::optional<Vocabulary> vocabulary;
  const std::string why = refusal([&] { vocabulary = Vocabulary::read(parse(file, "f.gguf"), 1 << 20); });
  if (!vocabulary) {
    if (!why.empty()) {
      ASSERT_THAT(why, StartsWith("f.gguf: byte "));
    }
    return;
  }
  const std::string text_why = refusal([&] {
    for (const std::int32_t token : vocabulary->encode("ab ab")) {
      ASSERT_TRUE(token >= 0 && static_cast<std::size_t>(token) < vocabulary->size());
      vocabulary->decode(token);
    }
  });
  if (!text_why.empty()) {
    ASSERT_THAT(text_why, StartsWith("--prompt: "));
  }
}

TEST(GgufReader, FilesOfEveryTypeAreTakenWhole) {
  for (const char* architecture : {"bitnet", "bitnet-25", "bitnet-b1.58", "llama"}) {
    const std::string file = mixed_file(architecture, std::string(architecture) != "llama");
    EXPECT_EQ(refusal([&] {
                const Model model(bytes_of(file), "f.gguf");
                EXPECT_EQ(model.scales(0, Matrix::v)[0], 0.5f);
              }),
              "");
    const Contents contents = parse(bytes_of(file), "f.gguf");
    EXPECT_EQ(Vocabulary::read(contents, 6)->encode("ab ab"), (std::vector<std::int32_t>{0, 3, 5}));
  }
}

// Each lies before a page that no one may read. What is taken is a model whose every number is one.
TEST(GgufReader, ManyMutatedFilesAreTakenOrRefusedInOneLine) {
  constexpr int kFiles = 100'000;
  std::vector<std::string> whole;
  for (const NamedShape& n : published_in_small()) {
    ModelShape m = n.shape;
    m.layers = 1;
    m.hidden = m.head_dim = 32;
    m.heads = m.kv_heads = 1;
    m.ffn = 32;
    m.vocab = 270;
    whole.push_back(exported(SyntheticModel(m, 1), Type::i2_s));
  }
  ModelShape wide = whole.empty() ? ModelShape{} : published_in_small()[2].shape;
  wide.layers = 1;
  wide.hidden = wide.head_dim = wide.ffn = 256;
  wide.heads = wide.kv_heads = 1;
  wide.vocab = 3;
  whole.push_back(exported(SyntheticModel(wide, 1), Type::tq2_0));
  whole.push_back(exported(SyntheticModel(wide, 1), Type::tq1_0));
  whole.push_back(mixed_file("bitnet-25", true));
  whole.push_back(mixed_file("llama", false));

  std::int64_t taken = 0, lines = 0;
  Rng rng(7);
  for (int i = 0; i < kFiles; ++i) {
    const MinuteAtMost limit;
    const std::size_t which = i % 16 == 0 ? 5 + rng.below(4) : rng.below(5);  // the larger files more seldom
    std::string file = whole[which];
    for (std::uint64_t n = 1 + rng.below(3); n > 0; --n) mutate(file, rng);
    const GuardedBuffer fenced(file.size(), Fence::after);
    std::memcpy(fenced.data(), file.data(), file.size());
    const std::string why = refusal([&] {
      const Model model({fenced.data(), fenced.size()}, "f.gguf");
      ++taken;
      std::vector<std::int8_t> trits(static_cast<std::size_t>(model.shape().ffn * model.shape().hidden));
      model.trits(0, Matrix::gate, 0, model.shape().ffn, trits.data());
      ASSERT_TRUE(std::ranges::all_of(trits, [](int t) { return t >= -1 && t <= 1; })) << "file " << i;
      for (const float s : model.scales(0, Matrix::gate)) ASSERT_TRUE(std::isfinite(s)) << "file " << i;
      std::vector<std::int8_t> row(static_cast<std::size_t>(model.shape().hidden));
      model.head(0, 1, row.data());
    });
    ASSERT_NO_FATAL_FAILURE(spell({fenced.data(), fenced.size()})) << "file " << i;
    if (why.empty()) continue;
    ++lines;
    ASSERT_THAT(why, AllOf(StartsWith("f.gguf: byte "), testing::Not(HasSubstr("\n")))) << "file " << i;
  }
  EXPECT_GT(taken, kFiles / 100);
  EXPECT_GT(lines, kFiles / 10);
  EXPECT_EQ(taken + lines, kFiles);
}

}  // namespace
}  // namespace bitproof::gguf
