#include "open_model.hpp"

#include "error.hpp"
#include "gguf/model.hpp"
#include "synthetic_model.hpp"

namespace bitproof {

bool is_gguf(const std::string& model) { return model.ends_with(".gguf"); }

std::optional<gated_ffn::Activation> activation_named(const std::string& name) {
  if (name.empty()) return std::nullopt;
  if (name == "silu") return gated_ffn::Activation::silu;
  if (name == "relu2") return gated_ffn::Activation::relu_squared;
  throw BadInput("--act '{}': silu or relu2", name);
}

ModelShape whole_shape(const ModelChoice& choice) {
  if (is_gguf(choice.model)) {
    const gguf::MappedFile file(choice.model);
    return gguf::shape_of(gguf::parse(file.bytes(), choice.model), {.activation = choice.activation});
  }
  ModelShape shape = model_by_name(choice.model);
  shape.activation = choice.activation.value_or(shape.activation);
  return shape;
}

std::shared_ptr<const WeightSource> open_model(const ModelChoice& choice) {
  if (is_gguf(choice.model)) {
    return std::make_shared<gguf::Model>(
        choice.model, gguf::OpenOptions{.layers = choice.layers, .activation = choice.activation, .seed = choice.seed});
  }
  ModelShape shape = whole_shape(choice);
  if (choice.layers < 0 || choice.layers > shape.layers) {
    throw BadInput("--layers {}: model {} has {} layers", choice.layers, choice.model, shape.layers);
  }
  if (choice.layers > 0) shape.layers = choice.layers;
  return std::make_shared<SyntheticModel>(shape, choice.seed);
}

}  // namespace bitproof
