// Text in and out of the token loop, through the vocabulary that a model's file carries.
#pragma once

#include <string>
#include <vector>

#include "decoder.hpp"
#include "gguf/mapped_file.hpp"
#include "gguf/vocabulary.hpp"
#include "reports/json.hpp"
#include "token_sampler.hpp"

namespace bitproof {

class Prompt {
 public:
  // Throws BadInput: no file, no vocabulary in it, or text that it cannot spell.
  Prompt(const std::string& model, const std::string& text);

  const std::vector<std::int32_t>& tokens() const { return tokens_; }

  // Decodes up to `count` tokens after the prompt; ends early at the vocabulary's end token, or when interrupted.
  // {"text", "token_ids", "prompt_ids", "vocabulary", "sampling"}
  Json continued(Decoder& loop, std::int64_t count, const Sampling& how) const;

 private:
  gguf::MappedFile file_;
  gguf::Contents contents_;
  gguf::Vocabulary vocabulary_;
  std::vector<std::int32_t> tokens_;
};

}  // namespace bitproof
