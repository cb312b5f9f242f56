// Text and token ids in and out of the token loop; text through the vocabulary that a model's file carries.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decoder.hpp"
#include "reports/json.hpp"
#include "token_sampler.hpp"

namespace bitproof {

class Prompt {
 public:
  // Throws BadInput: no file, no vocabulary in it, or text that it cannot spell.
  static Prompt from_text(const std::string& model, const std::string& text);
  // "1,2,3", or a file of such ids, of any model: the text is null where it has no vocabulary. Throws BadInput naming
  // the byte of what is no id of `vocab`.
  static Prompt from_ids(const std::string& model, const std::string& ids_or_file, std::int64_t vocab);

  const std::vector<std::int32_t>& tokens() const { return tokens_; }

  // Decodes up to `count` tokens after the prompt; ends early at the vocabulary's end token, or when interrupted.
  // {"text", "token_ids", "prompt_ids", "vocabulary", "sampling"}
  Json continued(Decoder& loop, std::int64_t count, const Sampling& how) const;

 private:
  struct Words;  // a file's vocabulary

  Prompt(std::shared_ptr<const Words> words, std::vector<std::int32_t> tokens);

  std::shared_ptr<const Words> words_;  // null: none
  std::vector<std::int32_t> tokens_;
};

}  // namespace bitproof
