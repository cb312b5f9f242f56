#include "gguf/vocabulary.hpp"

#include <algorithm>
#include <cmath>

namespace bitproof::gguf {
namespace {

using Kind = TokenList::Kind;

std::shared_ptr<const TokenList> read_tokens(const Contents& file, bool scored) {
  const auto missing = [&](const char* key) { return file.bad(24, "the metadata has no {}", key); };
  auto list = std::make_shared<TokenList>();
  const auto texts = file.texts("tokenizer.ggml.tokens");
  if (!texts) throw missing("tokenizer.ggml.tokens");
  list->text = *texts;
  const auto sized = [&](const char* key) {
    auto numbers = file.numbers(key);
    if (numbers && numbers->size() != texts->size()) {
      throw file.bad(file.values.find(key)->second.at, "{} are {} for {} tokens", key, numbers->size(), texts->size());
    }
    return numbers;
  };
  list->kind.assign(texts->size(), Kind::normal);
  if (const auto kinds = sized("tokenizer.ggml.token_type")) {
    for (std::size_t i = 0; i < kinds->size(); ++i) {
      if ((*kinds)[i] >= 1 && (*kinds)[i] <= 6) list->kind[i] = static_cast<Kind>(static_cast<int>((*kinds)[i]));
    }
  }
  if (scored) {
    const auto scores = sized("tokenizer.ggml.scores");
    if (!scores) throw missing("tokenizer.ggml.scores");
    list->score = *scores;
    std::ranges::replace_if(
        list->score, [](double s) { return std::isnan(s); }, 0.0);  // an order needs numbers
  }
  for (std::size_t i = 0; i < texts->size(); ++i) list->id.try_emplace((*texts)[i], static_cast<std::int32_t>(i));
  return list;
}

std::optional<std::int32_t> token_id(const Contents& file, const char* key, std::size_t tokens) {
  const auto id = file.integer(key);
  if (id && (*id < 0 || *id >= static_cast<std::int64_t>(tokens))) {
    throw file.bad(file.values.find(key)->second.at, "{} is {} of {} tokens", key, *id, tokens);
  }
  return id ? std::optional(static_cast<std::int32_t>(*id)) : std::nullopt;
}

}  // namespace

// The well-formed sequences of the Unicode standard, table 3-7: no overlong forms, no surrogates, none over U+10FFFF.
std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  if (length < 3) return length;
  const unsigned second = byte(1);
  const bool broken = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) ||
                      (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90);
  return broken ? 0 : length;
}

std::optional<std::int32_t> TokenList::find(std::string_view token) const {
  const auto found = id.find(token);
  return found == id.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Vocabulary> Vocabulary::read(const Contents& file, std::int64_t vocab) {
  const auto model = file.text("tokenizer.ggml.model");
  if (!model || *model == "no_vocab" || *model == "none") return std::nullopt;
  const std::size_t at = file.values.find("tokenizer.ggml.model")->second.at;
  const bool bpe = *model == "gpt2";
  if (!bpe && *model != "llama")
    throw file.bad(at, "tokenizer {} is not read here; llama and gpt2 are", in_quotes(*model));
  Vocabulary v;
  v.tokens_ = read_tokens(file, !bpe);
  if (static_cast<std::int64_t>(v.size()) > vocab)
    throw file.bad(at, "{} tokens, and the model embeds {}", v.size(), vocab);
  if (bpe) {
    const auto merges = file.texts("tokenizer.ggml.merges");
    if (!merges) throw file.bad(at, "the metadata has no tokenizer.ggml.merges");
    // Early conversions of Llama-3 vocabularies leave it out.
    std::string pre(file.text("tokenizer.ggml.pre").value_or("default"));
    v.kind_ = fmt::format("gpt2 ({})", pre);
    if (pre == "default") {
      pre = "llama-bpe";
      v.kind_ += ", cut into words as llama-bpe";
    }
    if (!is_pre_tokenizer(pre)) {
      throw file.bad(file.values.find("tokenizer.ggml.pre")->second.at, "pre-tokenizer {} is not read here",
                     in_quotes(pre));
    }
    v.splitter_ = byte_level_bpe(v.tokens_, *merges, pre);
  } else {
    v.kind_ = "llama";
    v.splitter_ = sentence_piece(v.tokens_, file.boolean("tokenizer.ggml.add_space_prefix").value_or(true));
  }
  const auto bos = token_id(file, "tokenizer.ggml.bos_token_id", v.size());
  if (file.boolean("tokenizer.ggml.add_bos_token").value_or(true)) v.first_ = bos;
  v.end_ = token_id(file, "tokenizer.ggml.eos_token_id", v.size());
  for (std::size_t i = 0; i < v.size(); ++i) {
    const Kind kind = v.tokens_->kind[i];
    if ((kind != Kind::control && kind != Kind::user_defined) || v.tokens_->text[i].empty()) continue;
    v.special_.try_emplace(v.tokens_->text[i], static_cast<std::int32_t>(i));
    v.special_lengths_.push_back(v.tokens_->text[i].size());
  }
  std::ranges::sort(v.special_lengths_, std::greater<>());
  const auto repeated =
      std::unique(v.special_lengths_.begin(), v.special_lengths_.end());  // clang 14 has no ranges::unique
  v.special_lengths_.erase(repeated, v.special_lengths_.end());
  return v;
}

std::vector<std::int32_t> Vocabulary::encode(std::string_view text) const {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t n = utf8_length(text.substr(i));
    if (n == 0) throw BadInput("--prompt: byte {} is not UTF-8", i);
    i += n;
  }
  std::vector<std::int32_t> out;
  if (first_) out.push_back(*first_);
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto found =
        std::ranges::find_if(special_lengths_, [&](std::size_t n) { return special_.contains(text.substr(at, n)); });
    if (found == special_lengths_.end()) {
      ++at;
      continue;
    }
    splitter_->encode(text.substr(begin, at - begin), out);
    const std::string_view token = text.substr(at, *found);
    out.push_back(special_.at(token));
    begin = at += token.size();
  }
  splitter_->encode(text.substr(begin), out);
  return out;
}

std::string Vocabulary::decode(std::int32_t token) const {
  if (token < 0 || static_cast<std::size_t>(token) >= size()) return "";
  const auto i = static_cast<std::size_t>(token);
  const std::string_view text = tokens_->text[i];
  switch (tokens_->kind[i]) {
    case Kind::control:
    case Kind::unused:
    case Kind::unknown:
      return "";
    case Kind::user_defined:
      return std::string(text);
    case Kind::byte: {  // "<0x0A>"
      unsigned value = 0;
      if (text.size() != 6) return "";
      for (const char c : text.substr(3, 2)) {
        value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c & ~0x20) - 'A' + 10);
      }
      return {static_cast<char>(value)};
    }
    case Kind::normal:
      return splitter_->decode(text);
  }
  return "";
}

}  // namespace bitproof::gguf
