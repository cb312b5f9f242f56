#include "prompt.hpp"

#include "error.hpp"
#include "evaluate.hpp"
#include "gguf/model.hpp"
#include "gguf/vocabulary.hpp"
#include "interrupt.hpp"
#include "open_model.hpp"
#include "reports/file.hpp"

namespace bitproof {

struct Prompt::Words {
  explicit Words(const std::string& path) : file(path), contents(gguf::parse(file.bytes(), path)) {
    vocabulary = gguf::Vocabulary::read(contents, gguf::shape_of(contents).vocab);
  }

  gguf::MappedFile file;
  gguf::Contents contents;
  std::optional<gguf::Vocabulary> vocabulary;
};

Prompt::Prompt(std::shared_ptr<const Words> words, std::vector<std::int32_t> tokens)
    : words_(std::move(words)), tokens_(std::move(tokens)) {}

Prompt Prompt::from_text(const std::string& model, const std::string& text) {
  if (!is_gguf(model)) {
    throw BadInput("--prompt: model {} has no vocabulary; use --model FILE.gguf, or --prompt-ids", model);
  }
  auto words = std::make_shared<Words>(model);
  if (!words->vocabulary) throw BadInput("--prompt: {} has no vocabulary; use --prompt-ids", model);
  std::vector<std::int32_t> tokens = words->vocabulary->encode(text);
  if (tokens.empty()) throw BadInput("--prompt: the text is empty");
  return {std::move(words), std::move(tokens)};
}

Prompt Prompt::from_ids(const std::string& model, const std::string& ids_or_file, std::int64_t vocab) {
  const bool ids = ids_or_file.find_first_not_of("-0123456789, ") == std::string::npos;
  std::vector<std::int32_t> tokens = ids ? parse_token_ids(ids_or_file, "--prompt-ids", vocab)
                                         : parse_token_ids(read_file(ids_or_file), ids_or_file, vocab);
  if (tokens.empty()) throw BadInput("--prompt-ids '{}': no token id in it", ids_or_file);
  auto words = is_gguf(model) ? std::make_shared<Words>(model) : nullptr;
  if (words && !words->vocabulary) words = nullptr;
  return {std::move(words), std::move(tokens)};
}

Json Prompt::continued(Decoder& loop, std::int64_t count, const Sampling& how) const {
  TokenSampler sampler(how);
  const gguf::Vocabulary* vocabulary = words_ ? &*words_->vocabulary : nullptr;
  std::string text;
  Json ids = Json::array();
  loop.prefill(std::span(tokens_).first(tokens_.size() - 1));
  std::int32_t token = tokens_.back();
  for (std::int64_t i = 0; i < count; ++i) {
    loop.next(token);
    if (interrupted()) break;
    token = sampler.choose(loop.logits());
    ids.push_back(token);
    if (!vocabulary) continue;
    if (vocabulary->ends(token)) break;
    text += vocabulary->decode(token);
  }
  return {{"text", vocabulary ? Json(text) : Json(nullptr)},
          {"token_ids", ids},
          {"prompt_ids", tokens_},
          {"vocabulary", vocabulary ? Json(vocabulary->kind()) : Json(nullptr)},
          {"sampling", {{"temperature", how.temperature}, {"top_k", how.top_k}, {"seed", how.seed}}}};
}

}  // namespace bitproof
