// Hostile files: every refusal is one line with file and byte, and nothing else happens to any bytes.
#include <gmock/gmock.h>

#include <cmath>
#include <cstring>

#include "gguf/reader.hpp"
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

  std::int64_t taken = 0, lines = 0;
  Rng rng(7);
  for (int i = 0; i < kFiles; ++i) {
    const std::size_t which = i % 16 == 0 ? 5 + rng.below(2) : rng.below(5);  // the larger files more seldom
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
