#include "model_facts.hpp"

#include <fmt/ranges.h>

#include "gguf/model.hpp"
#include "model_shapes.hpp"

namespace bitproof {

const char* model_help() {
  static const std::string text =
      fmt::format("{}, FILE.toml (a shape) or FILE.gguf (weights)", fmt::join(model_names(), ", "));
  return text.c_str();
}

Json weights_of(const WeightSource& model) {
  const auto* file = dynamic_cast<const gguf::Model*>(&model);
  if (!file) return {{"source", "synthetic"}, {"seed", model.seed()}};
  const auto table = [](const gguf::Requantized& r) -> Json {
    return {{"type", gguf::info(r.from).name}, {"int8_nmse", r.nmse}};
  };
  return {{"source", "gguf"},
          {"file", file->contents().path},
          {"architecture", std::string(file->contents().text("general.architecture").value_or(""))},
          {"embedding", table(file->embedding_conversion())},
          {"head", table(file->head_conversion())},
          {"tied_head", model.shape().tied_head}};
}

}  // namespace bitproof
