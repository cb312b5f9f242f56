#include "shell_words.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "error.hpp"

namespace bitproof {

std::string shell_word(const std::string& word) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::string("-_./:=,+@%").find(c) != std::string::npos;
  };
  if (!word.empty() && std::ranges::all_of(word, plain)) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::vector<std::string> split_words(const std::string& line) {
  std::vector<std::string> words;
  std::optional<std::string> word;  // none: between words
  char quote = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool more = i + 1 < line.size();
    if (quote) {
      if (c == quote) {
        quote = 0;
      } else if (c == '\\' && quote == '"' && more && (line[i + 1] == '"' || line[i + 1] == '\\')) {
        *word += line[++i];
      } else {
        *word += c;
      }
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      if (word) words.push_back(*std::exchange(word, std::nullopt));
    } else {
      if (!word) word.emplace();
      if (c == '\'' || c == '"') {
        quote = c;
      } else {
        *word += c == '\\' && more ? line[++i] : c;
      }
    }
  }
  if (quote) throw BadInput("'{}': a quote is not closed", line);
  if (word) words.push_back(*word);
  return words;
}

}  // namespace bitproof
