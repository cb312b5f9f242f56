// What a run says of the weights it ran on.
#pragma once

#include "reports/json.hpp"
#include "weight_source.hpp"

namespace bitproof {

const char* model_help();  // of --model

// {"source": "synthetic", "seed"} or {"source": "gguf", "file", "architecture", "embedding", "head"}, a table with its
// type and what it lost on its way to int8.
Json weights_of(const WeightSource& model);

}  // namespace bitproof
