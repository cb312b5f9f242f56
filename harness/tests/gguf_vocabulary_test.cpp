#include <gmock/gmock.h>

#include "gguf/vocabulary.hpp"
#include "gguf/writer.hpp"
#include "gguf_support.hpp"
#include "rng.hpp"

namespace bitproof::gguf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A vocabulary in a file of its own, with the bytes that its views lie in.
struct Read {
  std::string file;
  Contents contents;
  Vocabulary v;
};

std::unique_ptr<Read> read(const Metadata& m, std::int64_t vocab = 100'000) {
  std::ostringstream out;
  write(out, m, {});
  auto r = std::make_unique<Read>();
  r->file = out.str();
  r->contents = parse(bytes_of(r->file), "v.gguf");
  r->v = Vocabulary::read(r->contents, vocab).value();
  return r;
}

std::string refused(const Metadata& m, std::int64_t vocab = 100'000) {
  return refusal([&] { read(m, vocab); });
}

std::string text_of(const Vocabulary& v, const std::vector<std::int32_t>& tokens) {
  std::string text;
  for (const std::int32_t t : tokens) text += v.decode(t);
  return text;
}

// <unk>, <s>, </s>, 256 bytes, then words with falling scores.
Metadata sentence_pieces(const std::vector<std::string>& words) {
  std::vector<std::string> tokens = {"<unk>", "<s>", "</s>"};
  std::vector<std::int32_t> kinds = {2, 3, 3};
  for (int byte = 0; byte < 256; ++byte) tokens.push_back(fmt::format("<0x{:02X}>", byte));
  kinds.resize(tokens.size(), 6);
  std::vector<float> scores(tokens.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    tokens.push_back(words[i]);
    kinds.push_back(1);
    scores.push_back(-static_cast<float>(i));
  }
  Metadata m;
  m.put("tokenizer.ggml.model", std::string("llama"));
  m.put("tokenizer.ggml.tokens", tokens);
  m.put("tokenizer.ggml.scores", scores);
  m.put("tokenizer.ggml.token_type", kinds);
  m.put("tokenizer.ggml.bos_token_id", std::uint32_t{1});
  m.put("tokenizer.ggml.eos_token_id", std::uint32_t{2});
  return m;
}
constexpr std::int32_t kWord = 259, kByte = 3;

TEST(SentencePiece, BestScoreIsJoinedFirstAndBytesSpellTheRest) {
  //                                        259  260   261   262   263   264        265
  const auto r = read(sentence_pieces({"bc", "ab", "a", "b", "c", "\u2581", "\u2581a"}));
  EXPECT_THAT(r->v.encode("abc"), ElementsAre(1, kWord + 6, kWord)) << "bc before ab; then the space before a";
  EXPECT_THAT(r->v.encode("ab"), ElementsAre(1, kWord + 5, kWord + 1));
  EXPECT_THAT(r->v.encode("\n"), ElementsAre(1, kWord + 5, kByte + '\n'));
  EXPECT_THAT(r->v.encode("\u00e9"), ElementsAre(1, kWord + 5, kByte + 0xc3, kByte + 0xa9));
  EXPECT_EQ(text_of(r->v, r->v.encode("abc \u00e9\n")), " abc \u00e9\n");
  EXPECT_TRUE(r->v.ends(2));
  EXPECT_EQ(r->v.decode(1), "") << "control tokens have no text";
  EXPECT_EQ(r->v.decode(70'000), "");
}

TEST(SentencePiece, ControlTokensInTheTextAreThemselves) {
  const auto r = read(sentence_pieces({"a", "\u2581"}));
  EXPECT_THAT(r->v.encode("a</s>a"), ElementsAre(1, kWord + 1, kWord, 2, kWord + 1, kWord));
}

// GPT-2's alphabet for the bytes that these texts have, and merges by hand.
Metadata byte_level(const std::vector<std::string>& merges, const std::string& pre,
                    const std::vector<std::string>& more = {}) {
  std::vector<std::string> tokens;
  for (char c = '!'; c <= '~'; ++c) tokens.emplace_back(1, c);
  tokens.emplace_back("\u0120");  // a space
  tokens.emplace_back("\u010a");  // a line end
  for (const std::string& m : merges) {
    std::string joined = m;
    joined.erase(joined.find(' '), 1);
    tokens.push_back(joined);
  }
  std::vector<std::int32_t> kinds(tokens.size(), 1);
  for (const std::string& m : more) {
    tokens.push_back(m);
    kinds.push_back(m.starts_with("<|") ? 3 : 1);
  }
  Metadata m;
  m.put("tokenizer.ggml.model", std::string("gpt2"));
  m.put("tokenizer.ggml.pre", pre);
  m.put("tokenizer.ggml.tokens", tokens);
  m.put("tokenizer.ggml.token_type", kinds);
  m.put("tokenizer.ggml.merges", merges);
  return m;
}
constexpr std::int32_t letter(char c) { return c - '!'; }
constexpr std::int32_t kSpaceToken = '~' - '!' + 1, kMerged = kSpaceToken + 2;

TEST(ByteLevelBpe, MergesInOrderWithinWords) {
  //                                  0      1      2        3         4
  const auto r = read(byte_level({"l l", "h e", "he ll", "hell o", "\u0120 w"}, "llama-bpe"));
  EXPECT_THAT(r->v.encode("hello"), ElementsAre(kMerged + 3));
  EXPECT_THAT(r->v.encode("hel w"), ElementsAre(kMerged + 1, letter('l'), kMerged + 4));
  EXPECT_THAT(r->v.encode("lll"), ElementsAre(kMerged, letter('l'))) << "the leftmost among equals";
  EXPECT_EQ(text_of(r->v, r->v.encode("hello world\nx")), "hello world\nx");
  EXPECT_THAT(refusal([&] { r->v.encode("\u00e9"); }), HasSubstr("no token for"));
  // A stray byte, an overlong form, a surrogate, a character past the last.
  for (const char* broken : {"a\xff", "a\xe0\x80\x80", "a\xed\xa0\x80", "a\xf4\x90\x80\x80", "a\xc3"}) {
    EXPECT_THAT(refusal([&] { r->v.encode(broken); }), HasSubstr("byte 1 is not UTF-8"));
  }
}

TEST(ByteLevelBpe, WordsAreCutAsTheModelsTokenizerCutsThem) {
  // One token for each pair of digits, and for a pair across what a cut must separate.
  const std::vector<std::string> merges = {"1 1", "a 1", "' s", "a '", "! \u010a"};
  const auto llama = read(byte_level(merges, "llama-bpe")), gpt2 = read(byte_level(merges, "gpt-2"));
  EXPECT_THAT(llama->v.encode("1111"), ElementsAre(kMerged, letter('1'), letter('1'))) << "digits by three";
  EXPECT_THAT(gpt2->v.encode("1111"), ElementsAre(kMerged, kMerged)) << "all digits one word";
  EXPECT_THAT(llama->v.encode("a1"), ElementsAre(letter('a'), letter('1')));
  EXPECT_THAT(llama->v.encode("a's"), ElementsAre(letter('a'), kMerged + 2));
  EXPECT_THAT(llama->v.encode("!\n"), ElementsAre(kMerged + 4));
  EXPECT_THAT(gpt2->v.encode("!\n"), ElementsAre(letter('!'), kSpaceToken + 1));
}

TEST(ByteLevelBpe, AWordThatIsATokenNeedsNoMerges) {
  Metadata m = byte_level({"x y"}, "llama-bpe", {"<|end|>", "abc"});
  const auto r = read(m);
  EXPECT_THAT(r->v.encode("abc"), ElementsAre(kMerged + 2));
  EXPECT_THAT(r->v.encode("x<|end|>y"), ElementsAre(letter('x'), kMerged + 1, letter('y')));
}

TEST(Vocabulary, WhatIsNoneIsRefused) {
  Metadata bare;
  EXPECT_FALSE([&] {
    std::ostringstream out;
    write(out, bare, {});
    const std::string file = out.str();
    const Contents c = parse(bytes_of(file), "v.gguf");
    return Vocabulary::read(c, 10).has_value();
  }());
  Metadata other;
  other.put("tokenizer.ggml.model", std::string("bert"));
  EXPECT_THAT(refused(other), HasSubstr("v.gguf: byte 52: tokenizer 'bert' is not read here"));
  Metadata lists = sentence_pieces({"a"});
  EXPECT_THAT(refused(lists, 200), HasSubstr("260 tokens, and the model embeds 200"));
  EXPECT_THAT(refused(byte_level({}, "qwen2")), HasSubstr("pre-tokenizer 'qwen2'"));
  Metadata end = byte_level({}, "gpt-2");
  end.put("tokenizer.ggml.eos_token_id", std::uint32_t{5000});
  EXPECT_THAT(refused(end), HasSubstr("tokenizer.ggml.eos_token_id is 5000 of"));
}

TEST(Vocabulary, AnExportedModelTakesAnyText) {
  ModelShape shape = published_in_small()[0].shape;
  shape.layers = 1;
  const std::string file = exported(SyntheticModel(shape, 1), Type::i2_s);
  const Contents c = parse(bytes_of(file), "v.gguf");
  const Vocabulary v = Vocabulary::read(c, shape.vocab).value();
  EXPECT_EQ(text_of(v, v.encode("any text: \u00e9\u4e2d w259")).substr(1), "any text: \u00e9\u4e2d w259");
}

// Long runs and long words, which a search over all pairs again and again would not survive.
TEST(Vocabulary, LongTextsOfOneWordDoNotTakeForever) {
  const auto bpe = read(byte_level({"a a", "aa aa"}, "llama-bpe"));
  EXPECT_EQ(bpe->v.encode(std::string(200'000, 'a')).size(), 50'000u);
  const auto pieces = read(sentence_pieces({"aa", "aaaa", "a", "\u2581"}));
  EXPECT_EQ(pieces->v.encode(std::string(200'000, 'a')).size(), 50'002u);
}

}  // namespace
}  // namespace bitproof::gguf
