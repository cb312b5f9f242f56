// What the tests of GGUF share: models in memory, and the published shapes in small.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "gguf/export.hpp"
#include "gguf/model.hpp"
#include "support.hpp"

namespace bitproof::gguf {

inline std::string exported(const WeightSource& model, Type type) {
  std::ostringstream out;
  export_model(model, type, "test", out);
  return out.str();
}

inline std::span<const std::byte> bytes_of(const std::string& file) { return std::as_bytes(std::span(file)); }

// A published shape with its architecture, ratio of heads and head_dim kept, and few of everything else.
inline ModelShape in_small(const std::string& name, std::int64_t hidden, std::int64_t ffn, std::int64_t heads,
                           std::int64_t kv_heads) {
  ModelShape m = model_by_name(name);
  m.hidden = hidden;
  m.ffn = ffn;
  m.heads = heads;
  m.kv_heads = kv_heads;
  m.layers = 2;
  m.vocab = 288;
  m.context = 128;
  return m;
}

struct NamedShape {
  const char* name;
  ModelShape shape;
};
inline std::vector<NamedShape> published_in_small() {
  return {{"7b", in_small("7b", 256, 512, 2, 2)},
          {"3b", in_small("3b", 800, 544, 8, 8)},  // columns of no whole blocks of 256 and 128
          {"2b-4t", in_small("2b-4t", 512, 768, 4, 1)},
          {"falcon3-7b", in_small("falcon3-7b", 512, 768, 3, 1)},  // queries wider than the stream
          {"llama3-8b", in_small("llama3-8b", 512, 768, 4, 1)}};
}

}  // namespace bitproof::gguf
