// SentencePiece's greedy segmentation (Kudo and Richardson, arXiv:1808.06226): characters are joined to the token of
// the best score; what no token spells is written in bytes.
#include <fmt/format.h>

#include "gguf/merge.hpp"
#include "gguf/vocabulary.hpp"

namespace bitproof::gguf {
namespace {

constexpr std::string_view kSpace = "\u2581";

class SentencePiece : public Splitter {
 public:
  SentencePiece(std::shared_ptr<const TokenList> tokens, bool space_first)
      : tokens_(std::move(tokens)), space_first_(space_first) {}

  void encode(std::string_view text, std::vector<std::int32_t>& out) const override {
    if (text.empty()) return;
    std::string spelled(space_first_ ? kSpace : "");
    for (const char c : text) {
      if (c == ' ') {
        spelled += kSpace;
      } else {
        spelled += c;
      }
    }
    std::vector<std::string_view> characters;
    for (std::string_view rest = spelled; !rest.empty();) {
      characters.push_back(rest.substr(0, utf8_length(rest)));
      rest.remove_prefix(characters.back().size());
    }
    const auto rank = [&](std::string_view a, std::string_view b) -> std::optional<double> {
      const auto id = tokens_->find({a.data(), a.size() + b.size()});
      if (!id) return std::nullopt;
      return -tokens_->score[static_cast<std::size_t>(*id)];
    };
    for (const std::string_view piece : merge(std::move(characters), rank)) {
      if (const auto id = tokens_->find(piece)) {
        out.push_back(*id);
      } else {
        for (const char byte : piece) out.push_back(byte_token(byte));
      }
    }
  }

  std::string decode(std::string_view token) const override {
    std::string text;
    for (std::size_t i = 0; i < token.size();) {
      const bool space = token.substr(i).starts_with(kSpace);
      text += space ? ' ' : token[i];
      i += space ? kSpace.size() : 1;
    }
    return text;
  }

 private:
  std::int32_t byte_token(char byte) const {
    const std::string name = fmt::format("<0x{:02X}>", static_cast<unsigned char>(byte));
    if (const auto id = tokens_->find(name)) return *id;
    if (const auto id = tokens_->find("<unk>")) return *id;
    throw BadInput("--prompt: the vocabulary spells no byte {} and has no <unk>", name);
  }

  std::shared_ptr<const TokenList> tokens_;
  bool space_first_;
};

}  // namespace

std::shared_ptr<const Splitter> sentence_piece(std::shared_ptr<const TokenList> tokens, bool space_first) {
  return std::make_shared<SentencePiece>(std::move(tokens), space_first);
}

}  // namespace bitproof::gguf
