#include "prompt.hpp"

#include "error.hpp"
#include "gguf/model.hpp"
#include "interrupt.hpp"
#include "open_model.hpp"

namespace bitproof {
namespace {

const std::string& require_file(const std::string& model) {
  if (!is_gguf(model)) throw BadInput("--prompt: model {} has no vocabulary; use --model FILE.gguf", model);
  return model;
}

gguf::Vocabulary read_vocabulary(const gguf::Contents& contents) {
  auto vocabulary = gguf::Vocabulary::read(contents, gguf::shape_of(contents).vocab);
  if (!vocabulary) throw BadInput("--prompt: {} has no vocabulary", contents.path);
  return *std::move(vocabulary);
}

}  // namespace

Prompt::Prompt(const std::string& model, const std::string& text)
    : file_(require_file(model)),
      contents_(gguf::parse(file_.bytes(), model)),
      vocabulary_(read_vocabulary(contents_)),
      tokens_(vocabulary_.encode(text)) {
  if (tokens_.empty()) throw BadInput("--prompt: the text is empty");
}

Json Prompt::continued(Decoder& loop, std::int64_t count, const Sampling& how) const {
  TokenSampler sampler(how);
  std::string text;
  Json ids = Json::array();
  loop.prefill(std::span(tokens_).first(tokens_.size() - 1));
  std::int32_t token = tokens_.back();
  for (std::int64_t i = 0; i < count; ++i) {
    loop.next(token);
    if (interrupted()) break;
    token = sampler.choose(loop.logits());
    ids.push_back(token);
    if (vocabulary_.ends(token)) break;
    text += vocabulary_.decode(token);
  }
  return {{"text", text},
          {"token_ids", ids},
          {"prompt_ids", tokens_},
          {"vocabulary", vocabulary_.kind()},
          {"sampling", {{"temperature", how.temperature}, {"top_k", how.top_k}, {"seed", how.seed}}}};
}

}  // namespace bitproof
