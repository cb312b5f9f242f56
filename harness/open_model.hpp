// --model NAME|FILE.toml|FILE.gguf: a shape with made-up weights, or real ones.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "weight_source.hpp"

namespace bitproof {

struct ModelChoice {
  std::string model = "7b";
  std::int64_t layers = 0;                            // the first so many; 0: all
  std::uint64_t seed = 1;                             // of made-up weights, and of prompts
  std::optional<gated_ffn::Activation> activation{};  // instead of the model's own
};

bool is_gguf(const std::string& model);

// "silu", "relu2"; "" for none. Throws BadInput.
std::optional<gated_ffn::Activation> activation_named(const std::string& name);

// All layers of it, whatever the choice; no weight is read. Throws BadInput.
ModelShape whole_shape(const ModelChoice& choice);

// A file is verified as it is opened. Throws BadInput.
std::shared_ptr<const WeightSource> open_model(const ModelChoice& choice);

}  // namespace bitproof
