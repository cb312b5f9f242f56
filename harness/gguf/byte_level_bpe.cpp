// Byte-level BPE (Sennrich et al., arXiv:1508.07909, on bytes as in GPT-2): text is cut into words by a regular
// expression, a word's bytes are written as printable characters, and neighbours are joined in the order of the merges.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <array>
#include <unordered_map>

#include "gguf/merge.hpp"
#include "gguf/vocabulary.hpp"

namespace bitproof::gguf {
namespace {

// How a model's own tokenizer.json cuts words.
struct PreTokenizer {
  const char* name;
  const char* words;
  bool whole_words;  // a word that is a token is taken as it is
};
constexpr const char* kGpt2 = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr PreTokenizer kPreTokenizers[] = {{"gpt-2", kGpt2, false},
                                           {"llama-bpe", kLlama3, true},
                                           {"llama3", kLlama3, true},
                                           {"llama-v3", kLlama3, true},
                                           {"falcon3", kLlama3, true}};

const PreTokenizer* pre_tokenizer(const std::string& name) {
  for (const PreTokenizer& p : kPreTokenizers) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

class Words {
 public:
  explicit Words(const char* pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP,
                              &error, &at, nullptr));
    if (!code_) throw std::logic_error("byte_level_bpe: a pattern does not compile");
  }

  // text is UTF-8: encode has checked, and a check for each word would be quadratic.
  template <class F>
  void each(std::string_view text, F&& f) const {
    const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(
        pcre2_match_data_create_from_pattern(code_.get(), nullptr), pcre2_match_data_free);
    for (std::size_t at = 0; at < text.size();) {
      const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at,
                                    PCRE2_NO_UTF_CHECK, match.get(), nullptr);
      if (found < 1) throw BadInput("--prompt: cannot be cut into words at byte {}", at);
      const PCRE2_SIZE* range = pcre2_get_ovector_pointer(match.get());
      f(text.substr(range[0], range[1] - range[0]));
      at = range[1];
    }
  }

 private:
  struct Free {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
  };
  std::unique_ptr<pcre2_code, Free> code_;
};

// GPT-2's alphabet: the printable bytes of Latin-1 are themselves, the others follow from U+0100 on. UTF-8 of at most
// two bytes.
std::array<std::string, 256> alphabet() {
  std::array<std::string, 256> all;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xa1 && byte != 0xad);
    const unsigned c = printable ? byte : next++;
    if (c < 0x80) {
      all[byte] = static_cast<char>(c);
    } else {
      all[byte] = {static_cast<char>(0xc0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    }
  }
  return all;
}

class ByteLevelBpe : public Splitter {
 public:
  ByteLevelBpe(std::shared_ptr<const TokenList> tokens, std::vector<std::string_view> merges, const PreTokenizer& pre)
      : tokens_(std::move(tokens)), words_(pre.words), whole_words_(pre.whole_words) {
    for (std::size_t i = 0; i < merges.size(); ++i) rank_.try_emplace(merges[i], i);
    for (std::size_t byte = 0; byte < 256; ++byte) byte_.emplace(alphabet_[byte], static_cast<char>(byte));
  }

  void encode(std::string_view text, std::vector<std::int32_t>& out) const override {
    words_.each(text, [&](std::string_view word) { encode_word(word, out); });
  }

  std::string decode(std::string_view token) const override {
    std::string text;
    while (!token.empty()) {
      const std::string_view c = token.substr(0, std::max<std::size_t>(utf8_length(token), 1));
      const auto byte = byte_.find(c);
      if (byte == byte_.end()) {
        text += c;  // a token that was added by hand
      } else {
        text += byte->second;
      }
      token.remove_prefix(c.size());
    }
    return text;
  }

 private:
  void encode_word(std::string_view word, std::vector<std::int32_t>& out) const {
    std::string spelled;
    for (const char c : word) spelled += alphabet_[static_cast<unsigned char>(c)];
    if (const auto id = whole_words_ ? tokens_->find(spelled) : std::nullopt) {
      out.push_back(*id);
      return;
    }
    std::vector<std::string_view> bytes;
    for (std::string_view rest = spelled; !rest.empty(); rest.remove_prefix(bytes.back().size())) {
      bytes.push_back(rest.substr(0, utf8_length(rest)));
    }
    const auto rank = [&](std::string_view a, std::string_view b) -> std::optional<double> {
      std::string pair(a);
      pair += ' ';
      pair += b;
      const auto found = rank_.find(pair);
      return found == rank_.end() ? std::nullopt : std::optional<double>(static_cast<double>(found->second));
    };
    for (const std::string_view piece : merge(std::move(bytes), rank)) {
      const auto id = tokens_->find(piece);
      if (!id) throw BadInput("--prompt: the vocabulary has no token for '{}'", decode(piece));
      out.push_back(*id);
    }
  }

  const std::array<std::string, 256> alphabet_ = alphabet();
  std::shared_ptr<const TokenList> tokens_;
  Words words_;
  bool whole_words_;
  std::unordered_map<std::string_view, std::size_t> rank_;
  std::map<std::string_view, char> byte_;
};

}  // namespace

bool is_pre_tokenizer(const std::string& pre) { return pre_tokenizer(pre) != nullptr; }

std::shared_ptr<const Splitter> byte_level_bpe(std::shared_ptr<const TokenList> tokens,
                                               std::vector<std::string_view> merges, const std::string& pre) {
  return std::make_shared<ByteLevelBpe>(std::move(tokens), std::move(merges), *pre_tokenizer(pre));
}

}  // namespace bitproof::gguf
