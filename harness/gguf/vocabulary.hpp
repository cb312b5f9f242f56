// Text to token ids and back, by the vocabulary that a GGUF file carries: SentencePiece-style (tokenizer.ggml.model
// "llama") or byte-level BPE ("gpt2").
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gguf/reader.hpp"

namespace bitproof::gguf {

// Views into the file, which must outlive it.
struct TokenList {
  // tokenizer.ggml.token_type
  enum class Kind : std::uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

  std::vector<std::string_view> text;
  std::vector<Kind> kind;
  std::vector<double> score;                    // empty in BPE
  std::map<std::string_view, std::int32_t> id;  // the lowest of equals

  std::optional<std::int32_t> find(std::string_view token) const;
};

// What differs between the two kinds: text without special tokens in it, and the bytes of one token.
class Splitter {
 public:
  virtual ~Splitter() = default;
  virtual void encode(std::string_view text, std::vector<std::int32_t>& out) const = 0;
  virtual std::string decode(std::string_view token) const = 0;
};

class Vocabulary {
 public:
  // None where the file has no vocabulary. Throws BadInput where it has one that is not read here, or is broken.
  static std::optional<Vocabulary> read(const Contents& contents, std::int64_t vocab);

  // With the file's first token (BOS) if it wants one. Control tokens written out in the text, such as
  // <|begin_of_text|>, are themselves. Throws BadInput: not UTF-8, or more than the vocabulary can spell.
  std::vector<std::int32_t> encode(std::string_view text) const;

  // May be a part of a UTF-8 character; "" for control tokens and ids without a token.
  std::string decode(std::int32_t token) const;
  bool ends(std::int32_t token) const { return token == end_; }

  std::size_t size() const { return tokens_->text.size(); }
  const std::string& kind() const { return kind_; }  // "gpt2 (llama-bpe)"

 private:
  std::shared_ptr<const TokenList> tokens_;
  std::shared_ptr<const Splitter> splitter_;
  std::map<std::string_view, std::int32_t> special_;
  std::vector<std::size_t> special_lengths_;  // longest first
  std::optional<std::int32_t> first_, end_;
  std::string kind_;
};

// The two kinds. merges: "left right", best first.
std::shared_ptr<const Splitter> sentence_piece(std::shared_ptr<const TokenList> tokens, bool space_first);
std::shared_ptr<const Splitter> byte_level_bpe(std::shared_ptr<const TokenList> tokens,
                                               std::vector<std::string_view> merges, const std::string& pre);
// The names of `pre` that byte_level_bpe knows, for an error line; false if `pre` is none.
bool is_pre_tokenizer(const std::string& pre);

// Bytes of the UTF-8 character that text begins with; 0 where it is none.
std::size_t utf8_length(std::string_view text);

}  // namespace bitproof::gguf
